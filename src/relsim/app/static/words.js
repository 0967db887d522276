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

// A text in which no line breaks between a number and its per cent sign.
export const unbroken = (text) => text.replace(/(?<=\d) %/g, "\u00a0%");

// A number as it stands in the scenario: no more places than it has.
export function number(value) {
  return String(Number(value.toPrecision(6))).replace("-", MINUS);
}
