// What every page does: messages, the account menu, questions before something is thrown away.
import { adoptToasts } from "./toasts.js";

function closeMenus(event) {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (event.type === "keydown" ? event.key === "Escape" : !menu.contains(event.target)) menu.open = false;
  }
}

function askFirst(event) {
  const dialog = document.getElementById(event.target.dataset?.confirm ?? "");
  if (!dialog) return;
  event.preventDefault();
  dialog.showModal();
}

adoptToasts();
document.addEventListener("click", closeMenus);
document.addEventListener("keydown", closeMenus);
document.addEventListener("submit", askFirst);
