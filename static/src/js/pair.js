// Signing in a phone by a scanned code: what the computer shows, and what the phone does with the code.
import { clock, text } from "./format.js";
import { Refusal, ask } from "./requests.js";
import { showToast } from "./toasts.js";

const POLL_MS = 1000;
const OPEN = ["waiting", "scanned"]; // whatever else may follow is told by a poll
const page = document.querySelector("[data-pair]");
const isPhone = page.dataset.pair === "phone";

function fill(answer) {
  for (const name of ["device", "username", "server", "number"]) {
    if (!answer[name]) continue;
    for (const place of page.querySelectorAll(`[data-${name}]`)) place.textContent = answer[name];
  }
  if (answer.reason) page.querySelector("[data-reason]").textContent = answer.reason;
}

/** Shows the part for this state, and takes whoever uses a keyboard or a screen reader there. */
function show(state, answer = {}) {
  fill(answer);
  if (page.dataset.state === state) return;
  page.dataset.state = state;
  for (const part of page.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== state;
  page.querySelector(`[data-when="${state}"] [tabindex="-1"]`)?.focus();
  if (isPhone && state === "confirmed") page.querySelector("[data-finish]").requestSubmit();
}

function tick(secondsLeft) {
  const place = page.querySelector("[data-clock]");
  if (place) place.textContent = clock(Math.max(0, secondsLeft));
}

async function poll() {
  try {
    const answer = await ask("GET", page.dataset.stateUrl);
    tick(answer.seconds_left);
    show(answer.state, answer);
  } catch (error) {
    if (error.status === 404) show(isPhone ? "nothing" : "expired");
    if (error instanceof SyntaxError) return location.reload(); // signed out meanwhile: the sign-in page answered
  }
  if (OPEN.includes(page.dataset.state) || page.dataset.state === "opening") setTimeout(poll, POLL_MS);
}

/** The code is in the address only until it is read: what stays in the history of the phone opens nothing. */
function takeToken() {
  const token = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  return token;
}

async function claim(token) {
  try {
    show("claimed", await ask("POST", page.dataset.claimUrl, { body: { token } }));
  } catch (error) {
    show("expired", { reason: error instanceof Refusal ? error.message : text(page, "Unreachable") });
  }
}

async function accept(event) {
  event.target.disabled = true;
  try {
    await ask("POST", page.dataset.acceptUrl, { body: {} });
    show("scanned");
    poll();
  } catch (error) {
    if (error instanceof Refusal) show("expired", { reason: error.message });
    else showToast(text(page, "Unreachable"), "error");
  } finally {
    event.target.disabled = false;
  }
}

function begin() {
  if (!isPhone) {
    tick(Number(page.dataset.secondsLeft));
    if (OPEN.includes(page.dataset.state)) setTimeout(poll, POLL_MS);
    return;
  }
  page.querySelector("[data-accept]").addEventListener("click", accept);
  const token = takeToken();
  if (token) claim(token);
  else poll();
}

begin();
