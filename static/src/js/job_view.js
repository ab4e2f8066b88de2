// The stages and the whole of one job, kept as its events say.
import { span, spent, text } from "./format.js";

const ESTIMATE_FROM = 0.05; // before that an estimate is a guess
const ESTIMATE_AFTER_S = 4;

export class JobView {
  constructor(job) {
    this.job = job;
  }

  get state() {
    return document.getElementById("job-summary").dataset.state;
  }

  stage(name) {
    return this.job.querySelector(`[data-stage="${CSS.escape(name)}"]`);
  }

  started({ stage, message }) {
    this.setStage(stage, { state: "running", progress: 0, line: message });
  }

  progressed({ stage, data, message }) {
    this.setStage(stage, { state: "running", progress: data.fraction, line: message });
  }

  finished({ stage, data, message }) {
    this.setStage(stage, { state: "done", progress: 1, line: message, durationS: data.duration_s, isReused: data.reused });
  }

  logged({ stage, message }) {
    if (stage) this.setStage(stage, { line: message });
  }

  /** Whatever is known of a stage; what is left out stays as it was. */
  setStage(name, { state, progress, line, durationS, isReused }) {
    const item = this.stage(name);
    if (!item) return;
    if (state) item.dataset.state = state;
    if (progress !== undefined) item.querySelector("progress").value = progress;
    if (line) item.querySelector("[data-stage-line]").textContent = line;
    const time = item.querySelector("[data-stage-time]");
    if (item.dataset.state === "running") time.textContent = `${Math.floor(item.querySelector("progress").value * 100)} %`;
    else if (isReused) time.textContent = text(this.job, "Reused");
    else if (durationS !== undefined && durationS !== null) time.textContent = spent(durationS);
    this.showOverall();
  }

  overall() {
    let done = 0;
    let all = 0;
    for (const item of this.job.querySelectorAll("[data-stage]")) {
      const weight = Number(item.dataset.weight);
      all += weight;
      if (item.dataset.state === "done") done += weight;
      else done += weight * item.querySelector("progress").value;
    }
    return all ? done / all : 0;
  }

  showOverall() {
    const place = this.job.querySelector("[data-overall]");
    if (!place) return;
    const fraction = this.overall();
    place.querySelector("[data-overall-bar]").value = fraction;
    place.querySelector("[data-overall-percent]").textContent = `${Math.floor(fraction * 100)} %`;
    const started = Date.parse(document.getElementById("job-summary").dataset.started);
    const elapsedS = (Date.now() - started) / 1000;
    if (!(elapsedS > ESTIMATE_AFTER_S) || fraction < ESTIMATE_FROM || fraction >= 1) return;
    place.querySelector("[data-overall-left]").textContent = text(this.job, "Left", { time: span((elapsedS * (1 - fraction)) / fraction) });
  }

  setConnected(isConnected) {
    const note = this.job.querySelector("[data-connection]");
    if (note) note.hidden = isConnected;
  }

  /** Fetches what the server says about the job as a whole: its words, its buttons, its error. */
  async refreshSummary() {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of ["job-summary", "job-more"]) {
      const [old, fresh] = [document.getElementById(id), page.getElementById(id)];
      if (!old || !fresh || old.matches("details[open]")) continue; // somebody is filling it in
      old.replaceWith(fresh);
    }
    this.showOverall();
  }
}
