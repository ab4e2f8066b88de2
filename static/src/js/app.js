// What every page does: messages, the account menu, questions before something is thrown away.
import { confirmed } from "./confirm.js";
import { forgetAll } from "./kept_files.js";
import { adoptToasts } from "./toasts.js";

const SIGN_OUT = "/accounts/logout/";

function closeMenus(event) {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (event.type === "keydown" ? event.key === "Escape" : !menu.contains(event.target)) menu.open = false;
  }
}

/** A dialog either does it itself, or asks about the one of many things that the form names. */
async function askFirst(event) {
  const form = event.target;
  const dialog = document.getElementById(form.dataset?.confirm ?? "");
  if (!dialog) return;
  event.preventDefault();
  if (!dialog.querySelector("[data-about]")) dialog.showModal();
  else if (await confirmed(dialog, form.dataset.about)) form.submit();
}

/** The next person at this browser must not find what this one was about to upload. */
async function clearOut(event) {
  const form = event.target;
  if (new URL(form.action).pathname !== SIGN_OUT || event.defaultPrevented) return;
  event.preventDefault();
  await forgetAll().catch(() => null); // no storage in a private window
  form.submit();
}

// Only where the page is safe from listeners on the way: browsers refuse it on plain http, except on this machine.
function workOffline() {
  navigator.serviceWorker?.register("/service-worker.js").catch(() => null); // the site works without
}

adoptToasts();
addEventListener("load", workOffline);
document.addEventListener("click", closeMenus);
document.addEventListener("keydown", closeMenus);
document.addEventListener("submit", askFirst);
document.addEventListener("submit", clearOut);
