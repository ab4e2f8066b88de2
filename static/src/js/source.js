// The file a dub is made of: chosen here, shared by another app, gone on with, or taken from a folder of the server.
import { confirmed } from "./confirm.js";
import { FileDrop } from "./file_drop.js";
import { clearErrors, showErrors } from "./form_errors.js";
import { text } from "./format.js";
import { find, forget, keep } from "./kept_files.js";
import { PullWay } from "./pull_way.js";
import { showToast } from "./toasts.js";
import { Transfer } from "./transfer.js";
import { TransferCard } from "./transfer_card.js";
import { TusWay } from "./tus_way.js";
import { WaitingUploads } from "./waiting_uploads.js";
import { stayAwake } from "./wakefulness.js";

const ON_THE_WAY = ["new", "sending", "checking", "lost", "paused"];

function leaving(event) {
  event.preventDefault();
}

async function opened(source) {
  if (source instanceof File) return source;
  const leave = await source.requestPermission({ mode: "read" });
  return leave === "granted" ? source.getFile() : null;
}

export class Source {
  /** `onChange(transfer)` after each change of the transfer under way. */
  constructor(form, onChange) {
    this.form = form;
    this.onChange = onChange;
    this.dialog = document.getElementById("discard-dialog");
    this.box = form.querySelector("[data-drop]");
    this.card = new TransferCard(form.querySelector("[data-transfer]"));
    this.drop = new FileDrop(this.box, (picked) => this.picked(picked));
    const lists = document.querySelector("[data-waiting]");
    this.waiting = new WaitingUploads(lists, this.dialog, (upload, source) => this.goOn(upload, source));
    this.card.card.addEventListener("click", (event) => this.pressed(event));
  }

  get isOnTheWay() {
    return ON_THE_WAY.includes(this.transfer?.state);
  }

  /** The id of what is sent or was sent; none before the server gave one, nor for what it refused. */
  get uploadId() {
    return this.isOnTheWay || this.transfer?.state === "done" ? this.transfer.id : null;
  }

  picked({ file, handle }) {
    const wanted = this.wanted;
    this.wanted = null;
    clearErrors(this.form);
    const fault = this.fault(file, wanted);
    if (fault) {
      showErrors(this.form, { file: [fault] });
      return;
    }
    this.send(file, { upload: wanted ?? this.waiting.of(file), source: handle });
  }

  /** What can be told before a single byte is sent. */
  fault(file, wanted) {
    if (file.size === 0) return text(this.form, "Empty");
    if (file.size > Number(this.form.dataset.maxBytes)) return text(this.form, "TooLarge");
    const fault = wanted && this.waiting.fault(wanted, file);
    return fault ? text(this.form, `${fault}File`, { name: wanted.name, chosen: file.name }) : null;
  }

  /** `source` is what the browser can keep to open the file again: a handle, or a file another app shared. */
  send(file, { upload = null, source = null } = {}) {
    if (upload) showToast(text(this.form, "GoesOn", { name: file.name }));
    const { keptBytes, id } = upload ?? {};
    this.begin(this.tusOf(file), { name: file.name, totalBytes: file.size, keptBytes, id }, { file, source });
    this.transfer.start();
  }

  tusOf(file) {
    const { tus: endpoint, chunkBytes } = this.form.dataset;
    return new TusWay(file, { endpoint, chunkBytes: Number(chunkBytes) });
  }

  /** One at a time: what was on its way before stays on the server, to go on with later. */
  begin(way, what, { file = null, source = null, sharedKey = null } = {}) {
    if (this.isOnTheWay && this.transfer.state !== "new") this.transfer.pause();
    Object.assign(this, { file, source, sharedKey, said: null, keptId: null });
    this.card.describe(what.name, what.totalBytes, file);
    this.transfer = new Transfer(way, what, (transfer) => this.changed(transfer));
    this.waiting.remove(what.id ?? "");
    this.card.card.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }

  async goOn(upload, source) {
    if (upload.isImport) {
      this.begin(new PullWay(upload.id), upload);
      this.transfer.start();
      return;
    }
    const file = source && (await opened(source).catch(() => null));
    const isSame = file === source || (file && !this.waiting.fault(upload, file)); // a handle's file may have changed
    if (file && isSame) {
      this.send(file, { upload, source });
      return;
    }
    this.wanted = upload;
    this.drop.open();
  }

  /**
   * What another app shared: the service worker put it aside under this key. Any site can post a form to the worker, so
   * nothing is sent before somebody says so.
   */
  async offerShared(sharedKey) {
    const file = await find(sharedKey).catch(() => null);
    const fault = file && this.fault(file, null);
    if (fault) showErrors(this.form, { file: [fault] });
    if (!file || fault) return;
    this.begin(this.tusOf(file), { name: file.name, totalBytes: file.size }, { file, source: file, sharedKey });
    this.transfer.offer();
  }

  /** Under the number the server gave it, so that it can be gone on with after a reload; only then not as shared. */
  async keepSource(id) {
    const { source, sharedKey } = this;
    if (!source || this.keptId === id) return;
    this.keptId = id;
    const isKept = await keep(id, source).then(() => true, () => false);
    if (isKept && sharedKey) await this.forgetShared(sharedKey);
  }

  /** The address offers it until then, over a reload too. */
  async forgetShared(sharedKey) {
    await forget(sharedKey).catch(() => null);
    history.replaceState(null, "", location.pathname);
  }

  changed(transfer) {
    if (transfer !== this.transfer) return;
    const { state, id } = transfer;
    if (id && !transfer.isOver) this.keepSource(id);
    this.card.show(transfer);
    this.showChoices(state);
    this.form.elements.upload.value = state === "done" ? id : "";
    stayAwake(state === "sending");
    if (state === "sending") addEventListener("beforeunload", leaving);
    else removeEventListener("beforeunload", leaving);
    if (state !== this.said) this.tell(transfer);
    this.said = state;
    this.onChange(transfer);
  }

  /** What else could be chosen, while nothing is. A keyboard whose button went stays where it was working. */
  showChoices(state) {
    const isChosen = state !== "canceled";
    this.box.hidden = isChosen;
    this.form.querySelector("[data-import-link]")?.toggleAttribute("hidden", isChosen);
    this.waiting.lists.hidden = isChosen;
    const active = document.activeElement;
    const isGone = active?.closest("[data-field='file'] [hidden]");
    if (isGone) (isChosen ? this.card.card : this.drop.input).focus({ preventScroll: true });
  }

  tell({ state, name, id }) {
    if (state === "done") showToast(text(this.form, "Arrived", { name }));
    if (state === "refused") showToast(text(this.form, "Failed", { name }), "warning"); // the reason stays
    if (!["done", "canceled"].includes(state)) return;
    if (id) forget(id).catch(() => null);
    if (this.sharedKey) this.forgetShared(this.sharedKey);
  }

  pressed(event) {
    const action = event.target.closest("[data-do]")?.dataset.do;
    const { transfer } = this;
    if (action === "pause") transfer.pause();
    else if (action === "start") transfer.start();
    else if (action === "again") this.chooseAgain(transfer);
    else if (action === "cancel") this.cancel(transfer);
  }

  chooseAgain({ id, name, totalBytes, keptBytes }) {
    this.wanted = { id, name, totalBytes, keptBytes, modifiedMs: this.file.lastModified };
    this.drop.open();
  }

  async cancel(transfer) {
    if (transfer.id && transfer.doneBytes && !transfer.isFinal && !(await confirmed(this.dialog, transfer.name))) return;
    try {
      await transfer.cancel();
    } catch {
      showToast(text(this.form, "NotDiscarded"), "error"); // it expires by itself
    }
  }
}
