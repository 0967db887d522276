// Elements that the views are built of, and writing into them without drawing in vain.

import { element } from "./words.js";

export function button(text, action, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", action);
  return made;
}

// A choice of some values with their texts; `action` is told of the one chosen.
export function choice(rows, chosen, action, attributes = {}) {
  const made = element("select", attributes);
  choices(made, rows, chosen);
  made.addEventListener("change", () => action(made.value));
  return made;
}

export function choices(select, rows, chosen) {
  select.replaceChildren(...rows.map(([value, text]) => new Option(text, value, false, value === chosen)));
  select.value = chosen;
}

export function write(place, text) {
  if (place.textContent !== text) place.textContent = text;
}
