// Light, dark or as the device: set before the first paint. What was chosen on this device goes before the account's.
const KEY = "theme";
const root = document.documentElement;
const preferred = root.dataset.theme ?? "auto"; // the account's, from the server
root.classList.remove("no-js");

function remembered() {
  try {
    return localStorage.getItem(KEY) ?? preferred;
  } catch {
    return preferred; // storage is blocked
  }
}

function apply(theme) {
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
  for (const button of document.querySelectorAll("[data-theme-switch] button")) {
    button.setAttribute("aria-pressed", String(button.value === theme));
  }
}

apply(remembered());

/** Choosing for the account is choosing for this device too. */
function forget() {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // storage is blocked: nothing was remembered
  }
}

document.addEventListener("DOMContentLoaded", () => {
  apply(remembered());
  document.querySelector("[data-account-settings]")?.addEventListener("submit", forget);
  document.querySelector("[data-theme-switch]")?.addEventListener("click", (event) => {
    const theme = event.target.closest("button")?.value;
    if (!theme) return;
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // storage is blocked: the choice holds for this page only
    }
    apply(theme);
  });
});
