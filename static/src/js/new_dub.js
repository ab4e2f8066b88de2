// The form for a new dub. The file is on its way while the rest is filled in; starting waits for it.
import { clearErrors, forgetOnChange, showErrors } from "./form_errors.js";
import { text } from "./format.js";
import { forgetOld } from "./kept_files.js";
import { enhancePicker } from "./language_picker.js";
import { csrfToken } from "./requests.js";
import { Source } from "./source.js";
import { showToast } from "./toasts.js";

const ACCEPTED = 202; // all is well but for the file, which is still on its way

const form = document.querySelector("[data-new-dub]");
const button = form.querySelector("[data-start]");
const armed = form.querySelector("[data-armed]");
const source = form.querySelector("[data-drop]") && new Source(form, follow);

function setArmed(isArmed) {
  armed.hidden = !isArmed;
  button.hidden = isArmed;
}

/** Goes on with the start that was asked for while the file was on its way. */
function follow(transfer) {
  armed.querySelector("[data-armed-percent]").textContent = `${Math.floor(transfer.fraction * 100)} %`;
  if (armed.hidden) return;
  if (transfer.state === "done") submit();
  if (["refused", "canceled"].includes(transfer.state)) setArmed(false);
}

async function post() {
  const body = new FormData(form);
  body.delete("file");
  if (source?.uploadId) body.set("upload", source.uploadId);
  const headers = { Accept: "application/json", "X-CSRFToken": csrfToken() };
  const answer = await fetch(form.action, { method: "POST", headers, body });
  const isJson = answer.headers.get("Content-Type")?.startsWith("application/json");
  return { status: answer.status, answer: isJson ? await answer.json() : {} };
}

function settle({ status, answer }) {
  const errors = answer.errors;
  if (errors && source?.isOnTheWay && !source.uploadId) delete errors.file; // it only has no number yet
  if (answer.url) location.assign(answer.url);
  else if (status === ACCEPTED || (errors && !Object.keys(errors).length)) setArmed(true);
  else {
    setArmed(false);
    showErrors(form, errors ?? { __all__: [text(form, "Refused", { status })] });
  }
}

async function submit() {
  clearErrors(form);
  if (source?.transfer?.state === "new") source.transfer.start();
  button.disabled = true;
  try {
    settle(await post());
  } catch {
    setArmed(false);
    showErrors(form, { __all__: [text(form, "Unreachable")] });
  } finally {
    button.disabled = false;
  }
}

/** Takes the settings of a preset into the form; the file that was chosen stays. */
async function startFrom(link) {
  const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of ["[data-settings]", "[data-presets]"]) form.querySelector(part).replaceWith(page.querySelector(part));
  form.querySelectorAll("[data-picker]").forEach(enhancePicker);
  form.querySelector('[data-presets] [aria-current="true"]').focus();
}

function choosePreset(event) {
  const link = event.target.closest("[data-presets] a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  startFrom(link).catch(() => location.assign(link.href));
}

/** What the address says was meant: a file another app shared, or an upload to go on with. */
async function comeFrom(parameters) {
  if (parameters.has("shared")) await source.offerShared(parameters.get("shared"));
  const upload = source.waiting.upload(parameters.get("upload"));
  if (upload?.isImport) await source.goOn(upload, null);
  if (parameters.has("share")) showToast(text(form, "ShareFailed"), "error");
}

forgetOnChange(form);
form.addEventListener("click", choosePreset);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
armed.querySelector("[data-disarm]").addEventListener("click", () => setArmed(false));
form.querySelectorAll("[data-picker]").forEach(enhancePicker);
if (source) comeFrom(new URLSearchParams(location.search));
forgetOld().catch(() => null); // no storage in a private window
