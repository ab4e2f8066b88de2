// A question before something is thrown away.

/** Whether it was answered with yes. `name` is what it is about. */
export function confirmed(dialog, name) {
  dialog.querySelector("[data-about]").textContent = name;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
