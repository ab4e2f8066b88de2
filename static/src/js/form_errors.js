// Errors beside the fields they belong to, as the server renders them on a plain post.
function line(message) {
  const error = document.createElement("p");
  error.className = "field-error";
  error.textContent = message;
  return error;
}

function notice(message) {
  const box = document.createElement("div");
  box.className = "notice notice-error";
  box.setAttribute("role", "alert");
  box.textContent = message;
  return box;
}

export function clearErrors(form) {
  for (const place of form.querySelectorAll("[data-errors]")) place.replaceChildren();
  for (const field of form.querySelectorAll("[data-invalid]")) field.removeAttribute("data-invalid");
}

/** What was wrong with a field is old news once it changes. */
export function forgetOnChange(form) {
  const forget = (event) => {
    const field = event.target.closest("[data-field]");
    field?.removeAttribute("data-invalid");
    field?.querySelector("[data-errors]")?.replaceChildren();
  };
  form.addEventListener("change", forget, { capture: true }); // before a listener finds the next fault
}

/** `errors` maps field names to messages; what fits no field goes on top. The first one comes into view. */
export function showErrors(form, errors) {
  clearErrors(form);
  for (const [name, messages] of Object.entries(errors)) {
    const field = form.querySelector(`[data-field="${CSS.escape(name)}"]`);
    const place = field?.querySelector("[data-errors]") ?? form.querySelector('[data-errors="__all__"]');
    field?.setAttribute("data-invalid", "");
    place.append(...messages.map(field ? line : notice));
    const folded = field?.closest("details");
    if (folded) folded.open = true;
  }
  const first = form.querySelector("[data-invalid]") ?? form.querySelector(".notice-error");
  first?.scrollIntoView({ block: "center", behavior: "smooth" });
  first?.querySelector("input, select, button")?.focus({ preventScroll: true });
}
