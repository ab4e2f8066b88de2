// Uploads the server has, whole or in part, that no dub was made of yet: go on with one, or discard it.
import { confirmed } from "./confirm.js";
import { text } from "./format.js";
import { find, forget } from "./kept_files.js";
import { showToast } from "./toasts.js";
import { discard } from "./transfer.js";

/** What a row says of its upload. */
function described({ dataset }) {
  return {
    id: dataset.id,
    name: dataset.name,
    totalBytes: Number(dataset.totalBytes),
    keptBytes: Number(dataset.keptBytes),
    modifiedMs: dataset.modifiedMs ? Number(dataset.modifiedMs) : null,
    isImport: "isImport" in dataset,
  };
}

export class WaitingUploads {
  /** `onContinue(upload, source)`: the source is what this browser kept of it, if anything. */
  constructor(lists, dialog, onContinue) {
    this.lists = lists;
    this.dialog = dialog;
    this.onContinue = onContinue;
    this.sources = new Map();
    lists.addEventListener("click", (event) => this.clicked(event));
    lists.addEventListener("submit", (event) => this.discard(event), { capture: true });
    for (const row of this.rows) this.look(row);
  }

  get rows() {
    return [...this.lists.querySelectorAll("[data-unfinished]")];
  }

  /** Whether the browser can open the file again by itself; the button says which. */
  async look(row) {
    const { id, isImport } = described(row);
    const source = isImport ? null : await find(id).catch(() => null); // no storage in a private window
    if (!source && !isImport) return;
    this.sources.set(id, source);
    row.querySelector("[data-continue] span").textContent = text(this.lists, "Continue");
  }

  /** The unfinished upload that this file began, if any. */
  of(file) {
    return this.rows.map(described).find((upload) => !upload.isImport && this.fault(upload, file) === null) ?? null;
  }

  /** Why `file` is not the one that was being uploaded; null when it is. */
  fault(upload, file) {
    if (upload.name !== file.name || upload.totalBytes !== file.size) return "Another";
    const isKnown = upload.modifiedMs !== null; // other programs may not have said it
    return isKnown && upload.modifiedMs !== file.lastModified ? "Changed" : null;
  }

  upload(id) {
    const row = this.rows.find(({ dataset }) => dataset.id === id);
    return row ? described(row) : null;
  }

  clicked(event) {
    const row = event.target.closest("[data-continue]")?.closest("[data-unfinished]");
    if (row) this.onContinue(described(row), this.sources.get(row.dataset.id));
  }

  async discard(event) {
    event.preventDefault();
    const { id, name } = event.target.closest("[data-id]").dataset;
    if (!(await confirmed(this.dialog, name))) return;
    try {
      await discard(id);
      this.remove(id);
      await forget(id).catch(() => null);
    } catch {
      showToast(text(this.lists, "NotDiscarded"), "error");
    }
  }

  remove(id) {
    const row = this.lists.querySelector(`[data-id="${CSS.escape(id)}"]`);
    const section = row?.closest("[data-list]");
    row?.remove();
    if (section && !section.querySelector("[data-id]")) section.remove();
  }
}
