// The list of what has been changed, in words.

import { element } from "./elements.js";
import { amount, number, written } from "./words.js";

const NOTHING = "Nothing yet. Move a slider or switch a lever.";
// What numbers that have no slider are called, and the parts of an event.
const NAMES = new Map(Object.entries({
  half_life: "half-life", history_half_life: "half-life of history", lasting: "share that stays for good", at_most: "most times",
  when: "condition", every: "repeated every", label: "name", about: "description",
}));

export class Changed {
  // `panel` makes changes; its `byPath` are the numbers that can be moved.
  constructor(list, app, panel) {
    Object.assign(this, { list, app, panel });
    this.listed = null; // the paths that the list shows, so that it is not made anew in each frame of a drag
  }

  // Made anew with the next change, whatever it shows.
  open() {
    this.listed = null;
  }

  show() {
    const changes = Object.entries(this.app.state.changes);
    const paths = changes.map(([path]) => path).join("\n");
    if (paths !== this.listed) {
      this.listed = paths;
      this.list.replaceChildren(...changes.map(([path, value]) => this.row(path, value)));
      if (!changes.length) this.list.append(element("li", { class: "note" }, NOTHING));
    } else {
      changes.forEach(([path, value], n) => { this.list.children[n].querySelector(".number").textContent = this.describe(path, value)[1]; });
    }
  }

  row(path, value) {
    const [label, what] = this.describe(path, value);
    const reset = element("button", { type: "button", class: "reset", "aria-label": `Reset ${label}`, title: "Back to the scenario's value" }, "↺");
    reset.addEventListener("click", () => {
      this.panel.change(path, undefined);
      (this.list.querySelector("button") ?? this.panel.find).focus();
    });
    return element("li", {}, element("span", { class: "label", title: path }, label), element("span", { class: "number" }, what), reset);
  }

  // What is changed, and to what.
  describe(path, value) {
    const { app } = this, control = this.controlOf(path);
    if (control) {
      const owner = control.state ? `${app.stateName(control.state)}: ` : "";
      return [owner + control.label, `${number(control.value)} → ${written(amount(value, control.unit))}`];
    }
    const [section, ...steps] = path.split(".");
    if (section === "events") return this.describeEvent(steps, value);
    const [first, ...rest] = ["states", "parameters", "context"].includes(section) ? steps : [section, ...steps];
    const isState = app.opened.scenario.states.some((one) => one.code === first);
    return [isState ? `${app.stateName(first)}: ${this.inWords(rest)}` : this.inWords([first, ...rest]), written(value)];
  }

  // A number may be named in a longer way than its slider does: states.PAK.ties.USA.weight.
  controlOf(path) {
    const shortest = (text) => text.replace(/^states\./, "").replace(/\.weight$/, "");
    const { byPath } = this.panel;
    return byPath.get(path) ?? [...byPath.values()].find((one) => shortest(one.path) === shortest(path));
  }

  describeEvent([name, part, ...steps], value) {
    const { app } = this;
    const label = app.opened.events.find((one) => one.event === name)?.label ?? value?.label ?? name;
    if (!part) return [label, value === null ? "removed" : "new event"];
    if (part === "off") return [label, value ? "switched off" : "switched on"];
    if (part === "at") return [label, [value ?? []].flat().map(app.monthName).join(", ") || "no date"];
    // A half-life is called after the effect that its size is the size of.
    const effect = `events.${name}.effects.${steps[0]}.`;
    const size = part === "effects" && steps.length === 2 && [...this.panel.byPath.values()].find((one) => one.path.startsWith(effect));
    if (size) return [`${this.inWords(steps.slice(1))} of the ${size.label.replace(/^size of the /, "")}`, written(value)];
    return [`${label}: ${this.inWords([part, ...steps])}`, written(value)];
  }

  // The steps of a path, for want of a name: [ties, USA, fades_with] are "ties, United States, fades with".
  inWords(steps) {
    return steps.map((step) => NAMES.get(step) ?? this.app.stateName(step).replaceAll("_", " ")).join(", ");
  }
}
