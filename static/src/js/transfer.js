// One file on its way to the server, whichever way it takes: its state, its speed, and coming back after a loss.
import { Refusal, ask } from "./requests.js";
import { Speedometer } from "./speedometer.js";

const RETRY_AFTER_S = [1, 2, 4, 8, 15, 30];
const TEMPORARY = [408, 423, 425, 500, 502, 503, 504];
const TEMPORARY_CODES = ["upload.offset"]; // the next attempt asks first how far it got
const FINAL = [413, 415, 422]; // the file itself is what is wrong
const FINAL_CODES = ["upload.import_changed"]; // and of this the server has nothing left
const GONE = [404, 410];
const STALLED_AFTER_MS = 45_000; // a phone in a tunnel gets no error, only silence
const EXAMINED_WITHIN_MS = 300_000;

function isForGood({ status, code }) {
  return FINAL.includes(status) || FINAL_CODES.includes(code);
}

function isTemporary({ status, code }) {
  return TEMPORARY.includes(status) || TEMPORARY_CODES.includes(code);
}

/**
 * States: new; sending, checking, done; paused; lost (comes back by itself); refused; canceled.
 * A way has `start(transfer)` and `stop()`, and tells created(id), progressed(bytes), kept(bytes), arrived(), failed(error).
 */
export class Transfer {
  constructor(way, { name, totalBytes, keptBytes = 0, id = null }, onChange) {
    Object.assign(this, { way, name, totalBytes, keptBytes, id, onChange });
    Object.assign(this, { state: "new", doneBytes: keptBytes, bytesPerSecond: 0, failures: 0, refusal: null });
    this.comeBack = () => document.hidden || this.hurry();
    addEventListener("online", this.comeBack);
    document.addEventListener("visibilitychange", this.comeBack);
  }

  get fraction() {
    return this.totalBytes ? this.doneBytes / this.totalBytes : 0;
  }

  get isOver() {
    return ["done", "canceled"].includes(this.state);
  }

  /** Seconds until the next attempt; null while there is no network to attempt it on. */
  get retryInS() {
    return navigator.onLine ? Math.max(0, Math.ceil((this.retryAtMs - Date.now()) / 1000)) : null;
  }

  start() {
    clearInterval(this.countdown);
    this.speedometer = new Speedometer();
    this.bytesPerSecond = 0;
    this.refusal = null;
    this.set("sending");
    this.way.start(this);
  }

  pause() {
    this.halt();
    this.set("paused");
    this.recount();
  }

  /** Whatever the server has of it goes too. Rejects when it could not be told. */
  async cancel() {
    const isLeft = this.id && !isForGood(this.refusal ?? {}); // what the server refused for good it has removed itself
    this.halt();
    this.set("canceled");
    if (isLeft) await discard(this.id);
  }

  hurry() {
    if (this.state === "lost") this.start();
  }

  created(id) {
    this.id = id;
    this.onChange(this);
  }

  progressed(doneBytes) {
    this.doneBytes = doneBytes;
    this.bytesPerSecond = this.speedometer.measure(doneBytes, performance.now());
    this.set(doneBytes < this.totalBytes ? "sending" : "checking");
  }

  kept(keptBytes) {
    if (keptBytes > this.keptBytes) this.failures = 0;
    this.keptBytes = keptBytes;
    this.progressed(keptBytes);
  }

  /** Every byte is there: the server looks inside. Asked again it says the same, so a lost answer does no harm. */
  async arrived() {
    this.progressed(this.totalBytes);
    try {
      this.answer = await ask("POST", `/api/uploads/${this.id}/complete`);
      if (this.state !== "checking") return;
      this.halt();
      this.set("done");
    } catch (error) {
      if (this.state === "checking") this.failed(error);
    }
  }

  failed(error) {
    this.halt();
    this.refusal = error instanceof Refusal ? error : null;
    if (this.refusal && !isTemporary(this.refusal)) {
      if (GONE.includes(error.status)) this.lose();
      this.set("refused");
      return;
    }
    const waitS = RETRY_AFTER_S[Math.min(this.failures, RETRY_AFTER_S.length - 1)];
    this.failures += 1;
    this.retryAtMs = Date.now() + Math.max(waitS, error.retryAfterS ?? 0) * 1000;
    this.countdown = setInterval(() => this.tick(), 250);
    this.set("lost");
  }

  /** The server has nothing of it any more. */
  lose() {
    this.id = null;
    this.keptBytes = this.doneBytes = 0;
  }

  /** Trying again makes no sense. */
  get isFinal() {
    const isOver = isForGood(this.refusal ?? {}) || (!this.id && !this.way.canBegin);
    return this.state === "refused" && isOver;
  }

  tick() {
    if (this.retryInS === 0) this.start();
    else this.onChange(this);
  }

  /** Nothing goes yet; somebody has to say so. */
  offer() {
    this.set("new");
  }

  set(state) {
    this.state = state;
    clearTimeout(this.watchdog);
    const patienceMs = { sending: STALLED_AFTER_MS, checking: EXAMINED_WITHIN_MS }[state];
    if (patienceMs) this.watchdog = setTimeout(() => this.failed(new TypeError("silence")), patienceMs);
    if (this.isOver) {
      removeEventListener("online", this.comeBack);
      document.removeEventListener("visibilitychange", this.comeBack);
    }
    this.onChange(this);
  }

  halt() {
    clearInterval(this.countdown);
    clearTimeout(this.watchdog);
    this.way.stop();
  }

  /** More may have been kept than was acknowledged. */
  async recount() {
    const answer = this.id && (await ask("GET", `/api/uploads/${this.id}`).catch(() => null));
    if (!answer || this.state !== "paused") return;
    this.keptBytes = this.doneBytes = answer.received_bytes;
    this.onChange(this);
  }
}

export async function discard(id) {
  try {
    await ask("DELETE", `/api/uploads/${id}`);
  } catch (error) {
    if (!GONE.includes(error.status)) throw error; // gone is what was wanted
  }
}
