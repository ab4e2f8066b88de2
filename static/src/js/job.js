// The page of one job: stages, log and state move as it works, over a socket or, where none gets through, by asking.
import { JobSocket } from "./job_socket.js";
import { JobView } from "./job_view.js";
import { LogPanel } from "./log_panel.js";

const POLL_EVERY_MS = 2000;
const WAITING_EVERY_MS = 10000; // how far others have got is not among a job's own events
const OPEN_STATES = ["queued", "running", "paused"];

const job = document.querySelector("[data-job]");
const view = new JobView(job);
const log = new LogPanel(job.querySelector("[data-log-panel]"), job);
let poll;

const handle = {
  stage_started: (event) => view.started(event),
  stage_progress: (event) => view.progressed(event),
  stage_finished: (event) => view.finished(event),
  log: (event) => view.logged(event),
  async state(event) {
    await view.refreshSummary();
    if (OPEN_STATES.includes(event.data.state)) return;
    document.getElementById("cancel-dialog")?.close();
    stopPolling();
    socket.close();
    job.querySelector("[data-watch]")?.scrollIntoView({ block: "center", behavior: "smooth" });
  },
};

const socket = new JobSocket(job.dataset.socket, Number(job.dataset.after), {
  event(event) {
    handle[event.kind]?.(event);
    if (event.message && event.kind !== "stage_progress") log.add(event);
  },
  up() {
    stopPolling();
    view.setConnected(true);
  },
  down: () => view.setConnected(false),
  signedOut: () => location.reload(), // the page itself leads to the sign-in
  hopeless: startPolling,
});

async function ask() {
  const answer = await fetch(`${job.dataset.tail}?after=${socket.lastSeq}`, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  view.setConnected(true);
  for (const event of (await answer.json()).events) socket.take(event);
}

function startPolling() {
  poll ??= setInterval(() => ask().catch(() => view.setConnected(false)), POLL_EVERY_MS);
}

function stopPolling() {
  clearInterval(poll);
  poll = undefined;
}

function follow() {
  if (view.state === "queued" && !document.hidden) view.refreshSummary().catch(() => view.setConnected(false));
}

if (OPEN_STATES.includes(view.state)) {
  socket.connect();
  setInterval(follow, WAITING_EVERY_MS);
}
