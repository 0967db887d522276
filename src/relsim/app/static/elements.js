// The elements that the page is built of.

// An element with attributes and children; texts become text nodes, never markup.
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

export function button(text, action, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", action);
  return made;
}

// A select of some values with their texts; `action` is called with the one chosen.
export function choice(rows, chosen, action, attributes = {}) {
  const made = element("select", attributes);
  choices(made, rows, chosen);
  made.addEventListener("change", () => action(made.value));
  return made;
}

// Replaces the options of a select.
export function choices(select, rows, chosen) {
  select.replaceChildren(...rows.map(([value, text]) => new Option(text, value, false, value === chosen)));
  select.value = chosen;
}

// Writes a text only where it is another, so that nothing is drawn in vain.
export function write(place, text) {
  if (place.textContent !== text) place.textContent = text;
}
