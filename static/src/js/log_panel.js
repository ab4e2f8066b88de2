// The log as it is written: follows the end until the reader scrolls up, keeps a bounded number of lines.
import { text } from "./format.js";
import { showToast } from "./toasts.js";

const MOST_LINES = 2000;
const NEAR_END_PX = 24;

async function copy(words) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(words);
    return;
  }
  const area = document.createElement("textarea"); // plain http on a home network has no clipboard interface
  area.value = words;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

function lineFor({ at, level, message }) {
  const line = document.createElement("div");
  line.className = "log-line";
  line.dataset.level = level;
  const time = document.createElement("time");
  time.dateTime = at;
  time.textContent = new Date(at).toLocaleTimeString("en-GB");
  const words = document.createElement("span");
  words.textContent = message;
  line.append(time, words);
  return line;
}

export class LogPanel {
  constructor(panel, job) {
    this.log = panel.querySelector("[data-log]");
    this.newest = panel.querySelector("[data-log-newest]");
    this.isFollowing = true;
    this.log.addEventListener("scroll", () => this.scrolled());
    this.newest.addEventListener("click", () => this.follow());
    panel.addEventListener("toggle", () => this.follow());
    panel.querySelector("[data-log-copy]").addEventListener("click", async () => {
      await copy([...this.log.querySelectorAll(".log-line")].map((line) => [...line.children].map((part) => part.textContent).join("  ")).join("\n"));
      showToast(text(job, "Copied"));
    });
    this.follow();
  }

  scrolled() {
    this.isFollowing = this.log.scrollTop + this.log.clientHeight >= this.log.scrollHeight - NEAR_END_PX;
    if (this.isFollowing) this.newest.hidden = true;
  }

  follow() {
    this.isFollowing = true;
    this.newest.hidden = true;
    this.log.scrollTop = this.log.scrollHeight;
  }

  add(event) {
    this.log.querySelector("[data-log-empty]")?.remove();
    this.log.append(lineFor(event));
    while (this.log.childElementCount > MOST_LINES) this.log.firstElementChild.remove();
    if (this.isFollowing) this.log.scrollTop = this.log.scrollHeight;
    else this.newest.hidden = false;
  }
}
