// The time line of events: those of the scenario, and those of one's own.

import { choice, element, write } from "./elements.js";
import { EventForm } from "./event_form.js";
import { EventRow } from "./event_row.js";
import { percent, signed } from "./words.js";

const MOST_YEARS = 6; // labels of the axis
const LATE = 0.9; // of the axis, from which on a label stands before its mark
const FILTERS = [["all", "all events"], ["on", "those that are on"], ["off", "levers that are off"], ["pair", "those that act on the chosen pair"]];

export class Events {
  constructor(place, app) {
    this.place = place;
    this.app = app;
    this.rows = new Map(); // event → row
    this.often = new Map();
    this.problems = new Map(); // event → the loader's words
    this.list = element("ul", { class: "events", "aria-label": "Events" });
    this.axis = element("div", { class: "axis", "aria-hidden": "true" });
    this.note = element("span", { class: "note" });
    this.filter = choice(FILTERS, "all", () => this.applyFilter());
    this.form = new EventForm(app, (key, event) => this.add(key, event));
    place.replaceChildren(
      element("p", { class: "note" }, "What may happen, and when. Switch an event on or off; drag its handle, or use the arrow keys, to move its date. " +
        "A bar spans the middle half of the months in which an event first happens in the runs."),
      element("div", { class: "tools" }, element("label", {}, "Show ", this.filter), this.note),
      this.form.made,
      element("div", { class: "time-line" }, element("div", { class: "event axis-row" }, element("div"), this.axis, element("div")), this.list));
  }

  open() {
    this.rows.clear();
    this.often.clear();
    this.problems.clear();
    this.list.replaceChildren();
    this.drawAxis();
    this.form.open();
    this.enter();
  }

  enter() {
    this.draw();
    this.applyFilter();
  }

  show(message) {
    if (message.type === "state") this.draw();
    else if (message.type === "picture") {
      this.problems.clear();
      if (message.often) {
        this.often = new Map(message.often.map((row) => [row.event, row]));
        this.runs = message.runs;
      }
      this.draw();
    } else if (message.type === "refused") this.refuse(message.problems);
  }

  refuse(problems) {
    this.problems = new Map();
    for (const { path, text } of problems) {
      const [section, name] = path.split(".");
      if (section === "events" && name) this.problems.set(name, text);
    }
    this.draw();
  }

  // --- changes

  get changes() { return this.app.state.changes; }

  // Changes a number or a switch of the scenario; its own value is no change.
  change(path, value, own, dragging = false) {
    const changes = { ...this.changes };
    if (JSON.stringify(value) === JSON.stringify(own)) delete changes[path];
    else changes[path] = value;
    this.apply(changes, dragging);
  }

  apply(changes, dragging) {
    if (dragging) this.app.drag({ changes });
    else this.app.set({ changes });
  }

  add(key, event) {
    this.app.set({ changes: { ...this.changes, [`events.${key}`]: event } });
    this.app.announce(`${event.label} is added.`);
    this.rows.get(key)?.made.scrollIntoView({ block: "nearest" });
  }

  remove(key) {
    const changes = Object.fromEntries(Object.entries(this.changes)
      .filter(([path]) => path !== `events.${key}` && !path.startsWith(`events.${key}.`)));
    this.app.set({ changes });
    this.form.focus();
  }

  // --- drawing

  drawAxis() {
    const { months } = this.app;
    const years = months.map((month, n) => [n / Math.max(1, months.length - 1), month])
      .filter(([, month]) => month.endsWith("-01"));
    const every = Math.max(1, Math.ceil(years.length / MOST_YEARS));
    this.axis.replaceChildren(...years.map(([share, month], n) => {
      const label = element("span", { class: `year${n % every ? " between" : ""}${share > LATE ? " late" : ""}` }, n % every ? "" : month.slice(0, 4));
      label.style.setProperty("--at", share);
      return label;
    }));
    const stops = years.map(([share]) => {
      const at = `calc(${(100 * share).toFixed(3)}% `;
      return `transparent ${at}- 1px), var(--line) ${at}- 1px), var(--line) ${at}+ 0px), transparent ${at}+ 0px)`;
    });
    this.list.style.setProperty("--years", stops.length ? `linear-gradient(to right, ${stops.join(", ")})` : "none");
  }

  draw() {
    if (!this.app.opened || this.place.hidden) return; // drawn as it is entered
    const added = addedEvents(this.changes, this.app);
    const wanted = [...added, ...this.app.opened.events];
    const names = new Set(wanted.map((one) => one.event));
    for (const [name, row] of this.rows) {
      if (names.has(name)) continue;
      row.made.remove();
      this.rows.delete(name);
    }
    for (const one of wanted) {
      if (!this.rows.has(one.event)) this.insert(one);
      this.rows.get(one.event).draw(one, this.often.get(one.event), this.problems.get(one.event));
    }
    const on = wanted.filter((one) => !this.isOff(one)).length;
    write(this.note, `${on} of ${wanted.length} events are on.`);
  }

  // Judged when it is chosen, so that no row goes while it is being changed.
  applyFilter() {
    const wanted = this.filter.value, { pair } = this.app.state;
    for (const row of this.rows.values()) {
      const fits = { all: true, on: !this.isOff(row.one), off: this.isOff(row.one), pair: this.actsOn(row.one, pair) };
      row.made.hidden = !fits[wanted];
    }
  }

  actsOn(one, pair) {
    const key = (text) => text.split(/[->]/).map((part) => part.split(".")[0]).sort().join();
    return one.pairs.some((own) => key(own) === key(pair));
  }

  insert(one) {
    const row = new EventRow(this, one);
    this.rows.set(one.event, row);
    if (one.added) this.list.prepend(row.made);
    else this.list.append(row.made);
  }

  isOff(one) { return this.changes[`events.${one.event}.off`] ?? one.off; }
}

// Events that changes add, as the server describes its own.
function addedEvents(changes, app) {
  const own = new Set(app.opened.events.map((one) => one.event));
  return Object.entries(changes).flatMap(([path, value]) => {
    const [section, event, ...rest] = path.split(".");
    if (section !== "events" || rest.length || own.has(event) || value === null || typeof value !== "object") return [];
    const pairs = [value.effects ?? []].flat().map((effect) => String(effect?.pulse ?? effect?.shift ?? ""));
    return [{ event, label: value.label ?? event, about: "", off: value.off ?? false, kind: "at", months: [value.at ?? []].flat(),
      chance: null, sizes: [], pairs, note: effectInWords([value.effects].flat()[0], app), added: value }];
  });
}

function effectInWords(effect, app) {
  if (!effect?.pulse) return "";
  const lasting = effect.lasting ? `, ${percent(effect.lasting)} of it for good` : "";
  return `Pushes ${app.tieName(String(effect.pulse))} by ${signed(effect.size)} pull units, half of it gone after ${effect.half_life}${lasting}.`;
}
