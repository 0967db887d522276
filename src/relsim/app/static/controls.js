// The left side: a slider for each number, switches of levers, a search, and what has been changed.

import { Changed } from "./changed.js";
import { button, element } from "./elements.js";
import { NumberRow } from "./number_row.js";
import { sentence } from "./words.js";

const MOST_FOUND = 30;
const GAINS = "gains", GAINS_TITLE = "Gains";
const GROUPS = {
  ties: "ties", issues: "issues", capacity: "capacity", traits: "traits", gains: "Gains", parameters: "Parameters",
  context: "Surroundings", domains: "Domains", opening: "Opening levels", events: "Events",
};
const HINT = "Point at a number, or move to it with the keyboard, and this line says what it is.";

let count = 0; // for ids

export class Controls {
  constructor(place, app) {
    this.app = app;
    const at = (id) => place.querySelector(`#${id}`);
    this.groups = at("groups");
    this.jumps = at("jumps");
    this.scroller = at("scroller");
    this.found = at("found");
    this.foundSays = at("found-says");
    this.foundList = at("found-list");
    this.find = at("find");
    this.hint = at("hint");
    this.count = document.getElementById("drawer-count");
    this.changed = new Changed(at("changed-list"), app, this);
    this.byPath = new Map(); // all numbers that can be moved
    this.rows = new Map(); // path → the rows on the page that move it
    this.levers = new Map(); // path → what shows its switch
    this.texts = []; // what is searched of each number
    this.built = ""; // what the rows were made of
    this.refused = new Map(); // path → the loader's words
    this.find.addEventListener("input", () => this.search());
    this.find.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.find.value = "";
      this.search();
    });
  }

  open(opened) {
    // With another base, the numbers are the same: what has the focus keeps it.
    const made = JSON.stringify([opened.scenario.file, opened.controls, opened.events]);
    this.refused = new Map();
    if (made !== this.built) {
      this.byPath = new Map(opened.controls.map((one) => [one.path, one]));
      this.rows = new Map();
      this.levers = new Map();
      this.prepareSearch(opened);
      this.showGroups(opened);
      this.search();
      this.explain(HINT);
    }
    this.built = made;
    this.changed.open();
    this.showAll();
  }

  show(message) {
    const mended = message.type === "picture" && this.refused.size > 0;
    if (mended) this.refused = new Map();
    if ((mended || ["state", "refused"].includes(message.type)) && this.app.opened) this.showAll();
  }

  showAll() {
    for (const [path, list] of this.rows) {
      const alive = list.filter(({ made }) => made.isConnected);
      if (alive.length < list.length) this.rows.set(path, alive);
      alive.forEach((one) => one.show());
    }
    this.levers.forEach((one) => one());
    this.changed.show();
    const changes = Object.keys(this.changes).length;
    this.count.textContent = changes ? `(${changes} changed)` : "";
  }

  // True where a row on the page shows the words.
  refuse({ path, text }) {
    this.refused.set(path, text);
    return (this.rows.get(path) ?? []).some(({ made }) => made.isConnected && made.offsetParent !== null);
  }

  explain(text) {
    this.hint.textContent = text;
  }

  // --- changes

  get changes() { return this.app.state.changes; }

  // The scenario's own value, and none, are no change.
  change(path, value, dragging = false) {
    const changes = { ...this.changes };
    const control = this.byPath.get(path);
    const own = control && !control.uncertain && value === control.value;
    if (value === undefined || own) delete changes[path];
    else changes[path] = value;
    this.refused.delete(path);
    if (dragging) this.app.drag({ changes });
    else this.app.set({ changes });
  }

  row(control) {
    const row = new NumberRow(this, control);
    this.rows.set(control.path, [...(this.rows.get(control.path) ?? []), row]);
    return row.made;
  }

  lever(event) {
    const path = `events.${event.event}.off`;
    const id = `lever-${(count += 1)}`;
    const box = element("input", { id, type: "checkbox", role: "switch" });
    const made = element("div", { class: "lever", "data-path": path }, box, element("label", { for: id }, event.label));
    box.addEventListener("change", () => this.change(path, !box.checked === event.off ? undefined : !box.checked));
    const about = [event.about, event.note].filter(Boolean).map(sentence).join(" ") || event.label;
    for (const name of ["pointerenter", "focusin"]) made.addEventListener(name, () => this.explain(about));
    const show = () => {
      box.checked = !(path in this.changes ? this.changes[path] : event.off);
      made.classList.toggle("changed", path in this.changes);
    };
    this.levers.set(path, show);
    show();
    return made;
  }

  // --- groups

  showGroups(opened) {
    const { stateName } = this.app;
    const main = opened.controls.filter((one) => one.main);
    const codes = [...new Set(main.filter((one) => one.group !== GAINS).map((one) => one.state))];
    const blocks = codes.map((code) => {
      const here = opened.controls.filter((one) => one.state === code && one.group !== GAINS);
      return this.group(stateName(code) || "The world", "More numbers", here);
    });
    const levers = opened.events.filter((one) => one.off);
    if (levers.length) blocks.push(fieldset("Levers", ...levers.map((one) => this.lever(one))));
    const gains = opened.controls.filter((one) => one.group === GAINS);
    if (gains.length) blocks.push(this.group(GAINS_TITLE, "More gains", gains));
    const kindOf = (one) => (one.state ? stateName(one.state) : GROUPS[one.group] ?? one.group);
    const rest = opened.controls.filter((one) => one.group !== GAINS && !codes.includes(one.state));
    const kinds = [...new Set(rest.map(kindOf))];
    const other = kinds.flatMap((kind) => this.more(kind, rest.filter((one) => kindOf(one) === kind)));
    if (other.length) blocks.push(fieldset("All other numbers", ...other));
    this.groups.replaceChildren(...blocks);
    this.jumps.replaceChildren(...blocks.map((block) => this.jump(block)));
  }

  // Numbers of one owner: the main ones, and the others when they are asked for.
  group(title, others, controls) {
    return fieldset(title, ...controls.filter((one) => one.main).map((one) => this.row(one)), ...this.more(others, controls.filter((one) => !one.main)));
  }

  // Numbers that are not shown unasked are made when somebody asks.
  more(title, list) {
    if (!list.length) return [];
    const details = element("details", {}, element("summary", {}, `${title} (${list.length})`));
    details.addEventListener("toggle", () => {
      if (details.open && details.children.length === 1) details.append(...list.map((one) => this.row(one)));
    });
    return [details];
  }

  // Leads to a group without the way there.
  jump(block) {
    return button(block.querySelector("legend").textContent, () => {
      this.scroller.scrollTop = block.offsetTop;
      block.querySelector("input, summary")?.focus({ preventScroll: true });
    });
  }

  // --- search

  prepareSearch(opened) {
    this.texts = opened.controls.map((control) => {
      const owner = this.app.stateName(control.state);
      return {
        control, owner,
        text: [control.label, control.path, owner, GROUPS[control.group] ?? "", control.words ?? ""].join(" ").toLowerCase(),
        short: `${owner} ${control.label} ${control.path}`.toLowerCase(),
      };
    });
  }

  search() {
    const words = this.find.value.toLowerCase().split(/\s+/).filter(Boolean);
    this.found.hidden = !words.length;
    this.groups.hidden = this.jumps.hidden = words.length > 0;
    this.scroller.scrollTop = 0;
    if (!words.length) return this.foundList.replaceChildren();
    const hits = this.texts.filter(({ text }) => words.every((word) => text.includes(word)));
    // Numbers whose names have the words come before those that are only explained with them.
    const rank = ({ short }) => words.filter((word) => !short.includes(word)).length;
    hits.sort((one, other) => rank(one) - rank(other));
    this.foundSays.textContent = !hits.length ? "No number has all of these words. Try fewer, or the name of a state."
      : hits.length > MOST_FOUND ? `${hits.length} numbers; the first ${MOST_FOUND} are shown.` : `${hits.length} ${hits.length === 1 ? "number" : "numbers"}`;
    this.foundList.replaceChildren(...hits.slice(0, MOST_FOUND).map(({ control, owner }) => {
      const made = this.row(control);
      if (owner) made.querySelector("label").prepend(element("span", { class: "owner" }, `${owner}: `));
      return made;
    }));
  }
}

function fieldset(title, ...children) {
  return element("fieldset", { class: "group" }, element("legend", {}, title), ...children);
}
