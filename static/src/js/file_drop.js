// Choosing a file: with the browser's picker, by dropping it, or with a handle that outlives the page where there is one.
const CANCELED = "AbortError";
// A phone's own picker offers gallery and camera; the one that gives handles only shows folders.
const HAS_HANDLES = "showOpenFilePicker" in window && matchMedia("(pointer: fine)").matches;

async function pick() {
  const [handle] = await window.showOpenFilePicker({ id: "media" });
  return { file: await handle.getFile(), handle };
}

async function dropped({ items, files }) {
  const handling = items[0]?.getAsFileSystemHandle?.(); // only now: the list is empty once the event is over
  const [file] = files;
  const handle = await handling?.catch(() => null);
  return { file, handle: handle?.kind === "file" ? handle : null };
}

export class FileDrop {
  /** `onPick({file, handle})`; the handle is null where this browser has none. */
  constructor(drop, onPick) {
    this.drop = drop;
    this.input = drop.querySelector('input[type="file"]');
    this.onPick = onPick;
    this.input.addEventListener("change", () => this.changed());
    this.input.addEventListener("click", (event) => HAS_HANDLES && this.openPicker(event));
    for (const kind of ["dragenter", "dragover"]) drop.addEventListener(kind, (event) => this.hover(event, true));
    drop.addEventListener("dragleave", (event) => this.hover(event, false));
    drop.addEventListener("drop", (event) => this.take(event));
  }

  /** Within a click, as browsers insist. */
  open() {
    this.input.click();
  }

  changed() {
    const [file] = this.input.files;
    this.input.value = ""; // the same file can be chosen again, and is not sent a second time with the form
    if (file) this.onPick({ file, handle: null });
  }

  async openPicker(event) {
    event.preventDefault();
    try {
      this.onPick(await pick());
    } catch (error) {
      if (error.name !== CANCELED) throw error;
    }
  }

  hover(event, isOver) {
    event.preventDefault();
    this.drop.classList.toggle("is-over", isOver);
  }

  async take(event) {
    this.hover(event, false);
    if (event.dataTransfer.files.length) this.onPick(await dropped(event.dataTransfer));
  }
}
