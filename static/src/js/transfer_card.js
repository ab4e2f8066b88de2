// How a transfer looks: its name and size, a bar, a line of words, and the buttons that make sense now.
import { bytes, clock, span, text } from "./format.js";

const SAY_EVERY = 0.25; // a screen reader hears quarters, not every percent

function durationOf(file) {
  return new Promise((resolve) => {
    const media = document.createElement(file.type.startsWith("audio/") ? "audio" : "video");
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

export class TransferCard {
  constructor(card) {
    this.card = card;
    this.part = (name) => card.querySelector(`[data-${name}]`);
  }

  /** What is known of the file before any of it went. */
  async describe(name, totalBytes, file) {
    this.name = name;
    this.saidState = this.saidQuarter = null;
    this.part("file-name").textContent = name;
    this.part("file-facts").textContent = bytes(totalBytes);
    const seconds = file ? await durationOf(file) : null;
    if (seconds !== null && this.name === name) this.part("file-facts").textContent = `${bytes(totalBytes)} · ${clock(seconds)}`;
  }

  show(transfer) {
    const { state } = transfer;
    this.card.hidden = state === "canceled";
    this.card.dataset.state = state;
    this.part("progress").value = transfer.fraction;
    this.part("progress").hidden = ["new", "done", "refused"].includes(state);
    this.part("percent").textContent = `${Math.floor(transfer.fraction * 100)} %`;
    this.part("percent").hidden = this.part("progress").hidden;
    this.part("line").textContent = this.line(transfer);
    for (const item of this.card.querySelectorAll("[data-when]")) item.hidden = !this.fits(item.dataset.when, transfer);
    this.say(transfer);
  }

  fits(when, { state, isFinal, refusal }) {
    const detail = { refused: isFinal ? "refused-final" : refusal?.code === "file.unreadable" ? "refused-file" : "refused" };
    return when.split(" ").includes(detail[state] ?? state);
  }

  line(transfer) {
    const { state } = transfer;
    const figures = { done: bytes(transfer.doneBytes), kept: bytes(transfer.keptBytes), total: bytes(transfer.totalBytes) };
    const words = {
      sending: () => this.sending(transfer, figures),
      lost: () => this.lost(transfer),
      refused: () => this.reason(transfer.refusal),
    }[state];
    return words ? words() : text(this.card, state[0].toUpperCase() + state.slice(1), figures);
  }

  sending({ bytesPerSecond, totalBytes, doneBytes }, figures) {
    if (!bytesPerSecond) return text(this.card, "Begin", figures);
    const left = text(this.card, "Left", { time: span((totalBytes - doneBytes) / bytesPerSecond) });
    return `${text(this.card, "Speed", { ...figures, speed: bytes(bytesPerSecond) })} · ${left}`;
  }

  lost({ retryInS, refusal }) {
    if (retryInS === null) return text(this.card, "Offline");
    return text(this.card, refusal ? "Busy" : "Lost", { seconds: retryInS });
  }

  reason(refusal) {
    if (refusal.code === "file.unreadable") return text(this.card, "Unreadable");
    if (refusal.status === 401) return text(this.card, "SignedOut");
    if ([404, 410].includes(refusal.status)) return text(this.card, "Gone");
    return refusal.message || text(this.card, "Refused", { status: refusal.status });
  }

  /** To screen readers: each change of state, and each quarter of the way. */
  say(transfer) {
    const quarter = Math.floor(transfer.fraction / SAY_EVERY);
    if (transfer.state === this.saidState && quarter === this.saidQuarter) return;
    [this.saidState, this.saidQuarter] = [transfer.state, quarter];
    this.part("said").textContent = this.part("line").textContent;
  }
}
