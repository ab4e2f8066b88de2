// The form for a new dub: drop target, language sheets, upload with speed and time left.
import { enhanceDrop } from "./file_drop.js";
import { clearErrors, forgetOnChange, showErrors } from "./form_errors.js";
import { bytes, span, text } from "./format.js";
import { enhancePicker } from "./language_picker.js";
import { send } from "./upload.js";

const form = document.querySelector("[data-new-dub]");
const panel = form.querySelector("[data-upload]");
const status = panel.querySelector("[data-upload-status]");
const fileInput = form.querySelector('[data-drop] input[type="file"]');

function leaving(event) {
  event.preventDefault();
}

function setUploading(isUploading) {
  panel.hidden = !isUploading;
  form.querySelector("[data-actions]").hidden = isUploading;
  if (isUploading) {
    addEventListener("beforeunload", leaving);
    panel.scrollIntoView({ block: "nearest", behavior: "smooth" });
  } else {
    removeEventListener("beforeunload", leaving);
  }
}

function showProgress({ sentBytes, totalBytes, bytesPerSecond }) {
  const fraction = sentBytes / totalBytes;
  panel.querySelector("progress").value = fraction;
  panel.querySelector("[data-upload-percent]").textContent = `${Math.floor(fraction * 100)} %`;
  if (fraction === 1) {
    status.textContent = text(form, "Checking");
    return;
  }
  const figures = { sent: bytes(sentBytes), total: bytes(totalBytes), speed: bytes(bytesPerSecond) };
  const left = bytesPerSecond > 0 ? text(form, "Left", { time: span((totalBytes - sentBytes) / bytesPerSecond) }) : "";
  status.textContent = [text(form, "Speed", figures), left].filter(Boolean).join(" · ");
}

/** What can be told before a single byte is sent. */
function fileError(file) {
  if (!file) return text(form, "NoFile");
  return file.size > Number(form.dataset.maxBytes) ? text(form, "TooLarge") : null;
}

function settle({ status: code, answer }) {
  setUploading(false);
  if (answer?.url) location.assign(answer.url);
  else if (answer?.errors) showErrors(form, answer.errors);
  else showErrors(form, { __all__: [text(form, "Refused", { status: code })] });
}

async function start(event) {
  event.preventDefault();
  clearErrors(form);
  const problem = fileError(fileInput.files[0]);
  if (problem) {
    showErrors(form, { file: [problem] });
    return;
  }
  const stop = new AbortController();
  panel.querySelector("[data-upload-cancel]").onclick = () => stop.abort();
  setUploading(true);
  showProgress({ sentBytes: 0, totalBytes: fileInput.files[0].size, bytesPerSecond: 0 });
  try {
    settle(await send(form, showProgress, stop.signal));
  } catch (error) {
    setUploading(false);
    if (error.message === "lost") showErrors(form, { __all__: [text(form, "Lost")] });
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

forgetOnChange(form);
form.addEventListener("click", choosePreset);
enhanceDrop(form.querySelector("[data-drop]"), (file) => {
  const problem = file && fileError(file);
  if (problem) showErrors(form, { file: [problem] });
});
form.querySelectorAll("[data-picker]").forEach(enhancePicker);
form.addEventListener("submit", start);
