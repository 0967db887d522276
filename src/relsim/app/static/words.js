// How numbers are written on the page: as in the reports, with a true minus and fixed places.

const MINUS = "\u2212";

export function fixed(value, digits = 2) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return value.toFixed(digits).replace(/^-(0(?:\.0*)?)$/, "$1").replace("-", MINUS);
}

export function signed(value, digits = 2) {
  const text = fixed(value, digits);
  return /^[0-9]/.test(text) && Number(text) > 0 ? `+${text}` : text;
}

export const percent = (share, digits = 0) => (share === null || share === undefined ? "–" : `${fixed(100 * share, digits)}\u00a0%`);

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

// A text with a capital and a full stop.
export function sentence(text) {
  const first = capital(text);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}

// A text in which no line breaks between a number and its per cent sign.
export const unbroken = (text) => text.replace(/(?<=\d) %/g, "\u00a0%");

// A number as it stands in the scenario: no more places than it has.
export function number(value) {
  return String(Number(value.toPrecision(6))).replace("-", MINUS);
}

// What a change sets: a number where a slider can show it ("0.5 per year" is one), else as it was written.
export function amount(value, unit) {
  const text = unit && typeof value === "string" && value.endsWith(` ${unit}`) ? value.slice(0, -unit.length).trim() : "";
  return text && Number.isFinite(Number(text)) ? Number(text) : value;
}

// A value of a change in words: 0.3, 2 years, uniform(0.1, 0.4).
export function written(value) {
  if (value === null) return "removed";
  if (typeof value === "number") return number(value);
  if (Array.isArray(value)) return value.map(written).join(", ");
  if (typeof value !== "object") return String(value);
  return Object.entries(value).map(([name, part]) => `${name}(${written(part)})`).join(", ");
}
