// The file picker as a drop target that says what was picked.
import { bytes, clock } from "./format.js";

function durationOf(file, kind) {
  return new Promise((resolve) => {
    const media = document.createElement(kind);
    const url = URL.createObjectURL(file);
    const finish = (seconds) => {
      URL.revokeObjectURL(url);
      resolve(Number.isFinite(seconds) ? seconds : null);
    };
    media.preload = "metadata";
    media.onloadedmetadata = () => finish(media.duration);
    media.onerror = () => finish(null); // a codec this browser lacks: the server will know
    media.src = url;
  });
}

async function show(drop, file) {
  const facts = drop.querySelector("[data-file-facts]");
  drop.classList.toggle("is-filled", Boolean(file));
  drop.querySelector("[data-drop-empty]").hidden = Boolean(file);
  drop.querySelector("[data-drop-filled]").hidden = !file;
  drop.querySelector("[data-drop-change]").hidden = !file;
  const isAudio = file?.type.startsWith("audio/");
  const symbol = drop.querySelector("[data-drop-mark] use");
  const sprite = symbol.getAttribute("href").split("#")[0];
  symbol.setAttribute("href", `${sprite}#${file ? (isAudio ? "file-audio" : "film") : "upload"}`);
  if (!file) return;
  drop.querySelector("[data-file-name]").textContent = file.name;
  facts.textContent = bytes(file.size);
  const seconds = await durationOf(file, isAudio ? "audio" : "video");
  if (seconds !== null) facts.textContent = `${bytes(file.size)} · ${clock(seconds)}`;
}

/** Calls `onPick(file or undefined)` whenever the choice changes. */
export function enhanceDrop(drop, onPick) {
  const input = drop.querySelector('input[type="file"]');
  const changed = () => {
    show(drop, input.files[0]);
    onPick(input.files[0]);
  };
  const hover = (isOver) => (event) => {
    event.preventDefault();
    drop.classList.toggle("is-over", isOver);
  };
  input.addEventListener("change", changed);
  drop.addEventListener("dragenter", hover(true));
  drop.addEventListener("dragover", hover(true));
  drop.addEventListener("dragleave", hover(false));
  drop.addEventListener("drop", (event) => {
    hover(false)(event);
    if (!event.dataTransfer.files.length) return;
    const one = new DataTransfer();
    one.items.add(event.dataTransfer.files[0]);
    input.files = one.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  if (input.files.length) changed(); // the browser restored it after a reload
}
