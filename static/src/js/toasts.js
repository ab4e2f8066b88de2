// Short messages in the corner. Errors stay until closed, the others leave by themselves.
const STAYS_MS = 6000;

function live(toast) {
  toast.addEventListener("click", (event) => {
    if (event.target.closest("[data-dismiss]")) toast.remove();
  });
  if (toast.dataset.level !== "error") setTimeout(() => toast.remove(), STAYS_MS);
}

function region() {
  return document.getElementById("toasts");
}

export function adoptToasts() {
  for (const toast of region().querySelectorAll(".toast")) {
    region().append(toast); // put in again, so that a screen reader announces what was in the page from the start
    live(toast);
  }
}

/** `level` is success, warning or error. */
export function showToast(text, level = "success") {
  const toast = region().querySelector(`template[data-level="${level}"]`).content.firstElementChild.cloneNode(true);
  toast.querySelector("p").textContent = text;
  region().append(toast);
  live(toast);
}
