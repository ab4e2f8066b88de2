// The events of one job in order, none twice: a WebSocket that comes back with the last number it saw.
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15000;
const ACK_EVERY_MS = 200;
const CODES = { signedOut: 4401, gone: 4404, behind: 4409 };
const FAILURES_BEFORE_POLLING = 3;

export class JobSocket {
  /** `handlers`: event(event), up(), down(), signedOut(), hopeless() when sockets do not get through at all. */
  constructor(path, after, handlers) {
    this.path = path;
    this.lastSeq = after;
    this.handlers = handlers;
    this.failures = 0;
    addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => !document.hidden && this.hurry());
  }

  connect() {
    clearTimeout(this.retry);
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.socket = new WebSocket(`${scheme}://${location.host}${this.path}?after=${this.lastSeq}`);
    this.socket.onopen = () => {
      this.failures = 0;
      this.handlers.up();
    };
    this.socket.onmessage = (message) => this.receive(JSON.parse(message.data));
    this.socket.onclose = ({ code }) => this.closed(code);
  }

  receive(event) {
    if (event.type !== "event") return;
    this.take(event);
    this.ackTimer ??= setTimeout(() => this.acknowledge(), ACK_EVERY_MS);
  }

  /** Hands on an event unless it was seen before. Also takes those that were polled. */
  take(event) {
    if (event.seq <= this.lastSeq) return;
    this.lastSeq = event.seq;
    this.handlers.event(event);
  }

  acknowledge() {
    this.ackTimer = undefined;
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ type: "ack", seq: this.lastSeq }));
  }

  closed(code) {
    if (this.isOver || code === CODES.gone) return;
    if (code === CODES.signedOut) {
      this.handlers.signedOut();
      return;
    }
    this.handlers.down();
    this.failures += 1;
    if (this.failures === FAILURES_BEFORE_POLLING) this.handlers.hopeless();
    const backOff = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (this.failures - 1));
    this.retry = setTimeout(() => this.connect(), code === CODES.behind ? 0 : backOff * (0.5 + Math.random() / 2));
  }

  /** The network or the tab is back: no reason to wait out the pause. */
  hurry() {
    if (!this.isOver && this.socket?.readyState === WebSocket.CLOSED) this.connect();
  }

  close() {
    this.isOver = true;
    clearTimeout(this.retry);
    this.socket.close(1000);
  }
}
