// A file of the server's own folders, taken over piece by piece: each request copies a bounded part.
import { ask } from "./requests.js";

export class PullWay {
  canBegin = false; // the page of the folders does

  constructor(id) {
    this.path = `/api/uploads/${id}`;
  }

  async start(transfer) {
    const stopped = new AbortController();
    this.stopped = stopped;
    const { signal } = stopped;
    try {
      let status = await ask("GET", this.path, { signal });
      while (status.received_bytes < status.total_bytes) {
        transfer.kept(status.received_bytes);
        status = await ask("POST", `${this.path}/pull`, { signal });
      }
      if (!signal.aborted) await transfer.arrived();
    } catch (error) {
      if (!signal.aborted) transfer.failed(error);
    }
  }

  stop() {
    this.stopped?.abort();
  }
}
