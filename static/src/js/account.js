// The pages about one's own account: copying, printing, and what to say when a passkey does not work.
import { text } from "./format.js";
import { showToast } from "./toasts.js";

/** Browsers keep the clipboard from pages on plain http; there the old way still works. */
async function copied(words) {
  if (navigator.clipboard) return navigator.clipboard.writeText(words).then(() => true, () => false);
  const area = document.createElement("textarea");
  area.value = words;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

async function copy(button) {
  const source = document.querySelector(button.dataset.copy);
  const words = source.innerText.trim();
  if (await copied(words)) {
    showToast(text(button, "Copied"));
  } else {
    getSelection().selectAllChildren(source);
    showToast(text(button, "Failed"), "warning");
  }
  button.focus();
}

function press(event) {
  const button = event.target.closest("[data-copy], [data-print]");
  if (!button) return;
  if ("print" in button.dataset) print();
  else copy(button);
}

const PASSKEY_FAULTS = { NotAllowedError: "Canceled", InvalidStateError: "Known" };

/** allauth's scripts talk to the authenticator; what went wrong there is ours to say. */
function explain(event) {
  const words = document.querySelector("[data-passkey-words]");
  if (!words) return;
  event.preventDefault();
  showToast(text(words, PASSKEY_FAULTS[event.detail.exception.name] ?? "Failed"), "error");
}

document.addEventListener("click", press);
document.addEventListener("allauth.error", explain);
document.querySelector(".area-nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
