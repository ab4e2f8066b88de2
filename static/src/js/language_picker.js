// Turns a select of languages into a sheet with a search field. The select stays and keeps the value.
import { text } from "./format.js";

let count = 0;

function element(name, className, attributes = {}) {
  const node = document.createElement(name);
  node.className = className;
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

function plain(words) {
  return words.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

class LanguagePicker {
  constructor(field) {
    this.field = field;
    this.select = field.querySelector("select");
    this.id = `picker-${(count += 1)}`;
    this.label = field.querySelector("label");
    this.build();
    this.listen();
    this.show();
  }

  build() {
    const labelledBy = `${this.label.id} ${this.id}-value`;
    this.button = element("button", "picker-button", { type: "button", "aria-haspopup": "dialog", "aria-labelledby": labelledBy });
    this.value = element("span", "truncate", { id: `${this.id}-value` });
    this.button.append(this.value, this.field.ownerDocument.querySelector("[data-advanced] summary > svg").cloneNode(true));
    this.dialog = element("dialog", "picker", { "aria-labelledby": this.label.id });
    this.search = element("input", "", {
      type: "search", role: "combobox", autocomplete: "off", spellcheck: "false", "aria-expanded": "true",
      "aria-controls": `${this.id}-list`, "aria-label": text(this.field, "Search"), placeholder: text(this.field, "Search"),
    });
    this.list = element("div", "picker-list", { role: "listbox", id: `${this.id}-list`, "aria-labelledby": this.label.id });
    const close = element("button", "btn btn-ghost btn-sm", { type: "button", "data-close": "" });
    close.textContent = text(this.field, "Close");
    const bar = element("div", "picker-search");
    bar.append(this.search, close);
    this.dialog.append(bar, this.list);
    this.select.hidden = true;
    this.select.after(this.button, this.dialog);
  }

  listen() {
    this.label.addEventListener("click", (event) => {
      event.preventDefault();
      this.button.focus();
    });
    this.button.addEventListener("click", () => this.open());
    this.search.addEventListener("input", () => this.fill());
    this.search.addEventListener("keydown", (event) => this.key(event));
    this.dialog.addEventListener("click", (event) => {
      const option = event.target.closest('[role="option"]');
      if (option) this.choose(option.dataset.value);
      else if (event.target === this.dialog || event.target.closest("[data-close]")) this.dialog.close();
    });
    this.select.addEventListener("change", () => this.show());
  }

  show() {
    const chosen = this.select.selectedOptions[0];
    this.value.textContent = chosen?.text ?? text(this.field, "Placeholder");
    this.value.classList.toggle("muted", !chosen?.value);
  }

  open() {
    this.search.value = "";
    this.fill();
    this.dialog.showModal();
    this.search.focus();
    this.list.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "center" });
  }

  fill() {
    const wanted = plain(this.search.value.trim());
    const seen = new Set();
    this.list.replaceChildren();
    for (const group of [this.select, ...this.select.querySelectorAll("optgroup")]) {
      const options = [...group.children].filter((option) => option.tagName === "OPTION" && this.fits(option, wanted, seen));
      if (!options.length) continue;
      if (group.label && !wanted) this.list.append(this.heading(group.label));
      this.list.append(...options.map((option) => this.row(option)));
    }
    if (wanted) this.list.prepend(...[...this.list.children].filter((row) => plain(row.textContent).startsWith(wanted)));
    if (!this.list.childElementCount) this.list.append(this.heading(text(this.field, "None")));
    this.mark(this.list.querySelector(wanted ? '[role="option"]' : '[aria-selected="true"]') ?? this.list.querySelector('[role="option"]'));
  }

  fits(option, wanted, seen) {
    const isPlaceholder = !option.value && this.select.required;
    if (isPlaceholder || (wanted && (!option.value || seen.has(option.value)))) return false;
    seen.add(option.value);
    return !wanted || plain(option.text).includes(wanted) || option.value.toLowerCase() === wanted;
  }

  heading(words) {
    const heading = element("p", "picker-group", { role: "presentation" });
    heading.textContent = words;
    return heading;
  }

  row(option) {
    const chosen = option.value === this.select.value;
    const row = element("div", "picker-option", {
      role: "option", id: `${this.id}-${option.index}`, "data-value": option.value, "aria-selected": String(chosen),
    });
    row.textContent = option.text;
    return row;
  }

  mark(option) {
    this.active?.classList.remove("is-active");
    this.active = option;
    option?.classList.add("is-active");
    option?.scrollIntoView({ block: "nearest" });
    if (option) this.search.setAttribute("aria-activedescendant", option.id);
    else this.search.removeAttribute("aria-activedescendant");
  }

  key(event) {
    const options = [...this.list.querySelectorAll('[role="option"]')];
    const at = options.indexOf(this.active);
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: options.length - 1 };
    if (event.key === "Enter") {
      event.preventDefault();
      if (this.active) this.choose(this.active.dataset.value);
    } else if (event.key in moves) {
      event.preventDefault();
      this.mark(options[Math.min(options.length - 1, Math.max(0, moves[event.key]))]);
    }
  }

  choose(value) {
    this.select.value = value;
    this.select.dispatchEvent(new Event("change", { bubbles: true }));
    this.dialog.close();
    this.button.focus();
  }
}

export function enhancePicker(field) {
  return new LanguagePicker(field);
}
