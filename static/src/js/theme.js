// Light, dark or as the device: set before the first paint, remembered on this device.
const KEY = "theme";
const root = document.documentElement;
root.classList.remove("no-js");

function remembered() {
  try {
    return localStorage.getItem(KEY) ?? "auto";
  } catch {
    return "auto"; // storage is blocked: the device decides
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

document.addEventListener("DOMContentLoaded", () => {
  apply(remembered());
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
