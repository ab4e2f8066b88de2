// The tus project's own server: node reference_server.mjs --folder DIR [--port N] [--max-bytes N] [--expires-ms N].
// Says the port it listens on, on loopback only.
import { parseArgs } from "node:util";
import { createServer } from "node:http";
import { FileStore } from "@tus/file-store";
import { Server } from "@tus/server";

const { values } = parseArgs({
  options: {
    folder: { type: "string" },
    port: { type: "string", default: "0" },
    "max-bytes": { type: "string", default: "0" },
    "expires-ms": { type: "string", default: "0" },
  },
});
const datastore = new FileStore({
  directory: values.folder,
  expirationPeriodInMilliseconds: Number(values["expires-ms"]),
});
const tus = new Server({ path: "/files", datastore, maxSize: Number(values["max-bytes"]) });
const server = createServer(tus.handle.bind(tus));
server.listen(Number(values.port), "127.0.0.1", () => console.log(server.address().port));
