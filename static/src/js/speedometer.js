// How fast something comes: what the last seconds brought, so that it follows a changing network.
const WINDOW_MS = 5000;

export class Speedometer {
  samples = [];

  /** Bytes a second over the window; 0 until there is something to measure. */
  measure(doneBytes, nowMs) {
    this.samples.push([nowMs, doneBytes]);
    while (this.samples.length > 2 && nowMs - this.samples[0][0] > WINDOW_MS) this.samples.shift();
    const [startMs, startBytes] = this.samples[0];
    return nowMs > startMs ? (Math.max(0, doneBytes - startBytes) * 1000) / (nowMs - startMs) : 0;
  }
}
