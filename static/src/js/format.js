// Numbers for people.
const locale = document.documentElement.lang || undefined;
const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"];

/** As the server's pages and messages say it: steps of 1024. */
export function bytes(count) {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(count, 1)) / 10));
  const options = { style: "unit", unit: UNITS[power], maximumFractionDigits: power > 1 ? 1 : 0 };
  return new Intl.NumberFormat(locale, options).format(count / 1024 ** power);
}

export function clock(seconds) {
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, index) => (index ? String(part).padStart(2, "0") : part)).join(":");
}

/** How long, no finer than anyone cares: 40 s, 3 min, 1 h 10 min. */
export function span(seconds) {
  if (seconds < 60) return `${Math.max(5, Math.ceil(seconds / 5) * 5)} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** As the server's `spent` filter shows it. */
export function spent(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor(whole / 60) % 60} min`;
}

/** The text an element carries for a moment (`data-text-…`), with its {places} filled. */
export function text(element, name, values = {}) {
  return (element.dataset[`text${name}`] ?? "").replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
}
