// tus-js-client as anybody uses it: node upload.mjs ORDER, a JSON object of
//   endpoint, file, headers, metadata, options (handed on as they are),
//   storage (a file that remembers unfinished uploads), resume (go on with what it remembers),
//   abort_at_bytes (stop there), terminate (and remove it from the server).
// Says one JSON line: url, error, requests (method and status of each), resumed_at_bytes.
import { createReadStream } from "node:fs";
import tus from "tus-js-client";

const order = JSON.parse(process.argv[2]);
const requests = [];
let resumedAtBytes = null;

const upload = new tus.Upload(createReadStream(order.file), {
  endpoint: order.endpoint,
  headers: order.headers,
  metadata: order.metadata ?? {},
  retryDelays: [0, 100, 300, 1000, 1000, 1000],
  onAfterResponse(request, response) {
    requests.push([request.getMethod(), response.getStatus()]);
    if (request.getMethod() === "HEAD") resumedAtBytes ??= Number(response.getHeader("Upload-Offset"));
  },
  onProgress(sentBytes) {
    if (order.abort_at_bytes && sentBytes >= order.abort_at_bytes) stop();
  },
  onSuccess: () => say(null),
  onError: (error) => say(error.message),
  ...(order.storage && { urlStorage: new tus.FileUrlStorage(order.storage) }),
  ...order.options,
});

let isStopping = false;
async function stop() {
  if (isStopping) return;
  isStopping = true;
  await upload.abort(Boolean(order.terminate));
  say("stopped");
}

function say(error) {
  console.log(JSON.stringify({ url: upload.url, error, requests, resumed_at_bytes: resumedAtBytes }));
  process.exit(0);
}

if (order.resume) {
  const [previous] = await upload.findPreviousUploads();
  if (previous) upload.resumeFromPreviousUpload(previous);
}
upload.start();
