// A file of this device, sent by tus in chunks. Coming back after a loss is the transfer's part.
import { Upload } from "tus-js-client/lib/browser/index.js"; // as written: the transpiled one is three times the size
import { Refusal, csrfToken, unreadable } from "./requests.js";

export class TusWay {
  canBegin = true;

  constructor(file, { endpoint, chunkBytes }) {
    this.file = file;
    this.endpoint = new URL(endpoint, location.href).href;
    this.chunkBytes = chunkBytes;
  }

  /** Begins it, or goes on with the transfer's id: then nothing may begin another one, whatever the server answers. */
  start(transfer) {
    const { file, endpoint } = this;
    const where = transfer.id ? { uploadUrl: endpoint + transfer.id } : { endpoint };
    const upload = new Upload(file, {
      ...where,
      chunkSize: this.chunkBytes,
      metadata: { filename: file.name, filetype: file.type, last_modified: file.lastModified },
      retryDelays: null,
      storeFingerprintForResuming: false, // the server knows what is unfinished, on every device
      onBeforeRequest: (request) => request.setHeader("X-CSRFToken", csrfToken()),
      onUploadUrlAvailable: () => transfer.created(upload.url.split("/").at(-1)),
      onProgress: (sentBytes) => this.progressed(transfer, sentBytes),
      onChunkComplete: (_, keptBytes) => transfer.kept(keptBytes),
      onSuccess: () => transfer.arrived(),
      onError: (error) => this.failed(transfer, upload, error.originalResponse),
    });
    this.upload = upload;
    this.isFirst = true;
    upload.start();
  }

  /** The first figure after a start is where the server has got to. */
  progressed(transfer, sentBytes) {
    if (this.isFirst) transfer.kept(sentBytes);
    else transfer.progressed(sentBytes);
    this.isFirst = false;
  }

  /** A file that cannot be read looks to the browser's requests like a lost connection. */
  async failed(transfer, upload, answer) {
    const error = answer
      ? new Refusal(answer.getStatus(), answer.getBody(), answer.getHeader("Retry-After"))
      : await this.file.slice(0, 1).arrayBuffer().then(() => new TypeError("nobody answered"), unreadable);
    if (this.upload === upload) transfer.failed(error);
  }

  stop() {
    this.upload?.abort();
    this.upload = null;
  }
}
