// Short messages in the corner. Errors stay until closed, the others leave by themselves.
const STAYS_MS = 6000;

function live(toast) {
  toast.addEventListener("click", (event) => {
    if (event.target.closest("[data-dismiss]")) toast.remove();
  });
  if (toast.dataset.level !== "error") setTimeout(() => toast.remove(), STAYS_MS);
}

export function adoptToasts() {
  const region = document.getElementById("toasts");
  for (const toast of region.querySelectorAll(".toast")) {
    region.append(toast); // put in again, so that a screen reader announces what was in the page from the start
    live(toast);
  }
}

export function showToast(text) {
  const toast = document.createElement("div");
  toast.className = "toast";
  const words = document.createElement("p");
  words.textContent = text;
  toast.append(words);
  document.getElementById("toasts").append(toast);
  live(toast);
}
