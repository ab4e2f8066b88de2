// Sends a form with its file and tells how it goes.
const WINDOW_MS = 5000; // speed is what the last seconds brought, so that it follows a changing network

class Speedometer {
  samples = [];

  /** Bytes a second over the window; 0 until there is something to measure. */
  measure(sentBytes, nowMs) {
    this.samples.push([nowMs, sentBytes]);
    while (this.samples.length > 2 && nowMs - this.samples[0][0] > WINDOW_MS) this.samples.shift();
    const [startMs, startBytes] = this.samples[0];
    return nowMs > startMs ? ((sentBytes - startBytes) * 1000) / (nowMs - startMs) : 0;
  }
}

/**
 * Posts `form`; `onProgress({sentBytes, totalBytes, bytesPerSecond})` while it goes.
 * Resolves to {status, answer}; rejects with "lost" or "canceled". The signal stops it.
 */
export function send(form, onProgress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const speedometer = new Speedometer();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => {
      const bytesPerSecond = speedometer.measure(loaded, performance.now());
      onProgress({ sentBytes: loaded, totalBytes: total, bytesPerSecond });
    };
    request.onload = () => resolve({ status: request.status, answer: request.response });
    request.onerror = () => reject(new Error("lost"));
    request.onabort = () => reject(new Error("canceled"));
    signal.addEventListener("abort", () => request.abort());
    request.send(new FormData(form));
  });
}
