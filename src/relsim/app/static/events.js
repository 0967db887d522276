// The time line of events: switches, dates, chances, and events of one's own.

import { button, choice, choices, element, write } from "./elements.js";
import { amount, fixed, number, percent, signed, written } from "./words.js";

const MOST_YEARS = 6; // labels of the axis
const LATE = 0.9; // of the axis, from which on a label stands before its mark
// Sizes of acts on the Goldstein scale (1992), at the model's 0.03 pull units for a point.
const HINTS = [[-0.3, "armed clash (−10)"], [-0.15, "rejection (−5)"], [-0.06, "criticism (−2)"], [0.06, "visit (+1.9)"],
  [0.15, "offer of mediation (+5)"], [0.24, "formal agreement (+8)"]];
const LONGEST_KEY = 60;
const HALF_LIVES = [["3 months", "3 months: words, aid"], ["6 months", "6 months: a meeting"], ["9 months", "9 months: a crisis"],
  ["1 year", "1 year: an agreement"], ["2 years", "2 years: works, programmes"]];

const FILTERS = [["all", "all events"], ["on", "those that are on"], ["off", "levers that are off"], ["pair", "those that act on the chosen pair"]];

let count = 0; // for ids

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
    this.form = new Form(app, (key, event) => this.add(key, event));
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
    const added = addedEvents(this.changes, this.app.opened.events);
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
    const row = new Row(this, one);
    this.rows.set(one.event, row);
    if (one.added) this.list.prepend(row.made);
    else this.list.append(row.made);
  }

  isOff(one) { return this.changes[`events.${one.event}.off`] ?? one.off; }
}

// Why an event with these months does not happen in all of them; empty where it does.
function neverInWords(app, months) {
  const { start, end } = app.opened.scenario;
  const early = months.filter((month) => month < start), late = months.filter((month) => month >= end);
  const named = (some) => some.map(app.monthName).join(", ");
  return [early.length ? `It will not happen in ${named(early)}: the scenario begins in ${app.monthName(start)}.` : "",
    late.length ? `It will not happen in ${named(late)}: the scenario ends in ${app.monthName(end)}.` : ""].filter(Boolean).join(" ");
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const short = (value) => number(Number(value.toPrecision(2)));

// Events that changes add, as the server describes its own.
function addedEvents(changes, known) {
  const own = new Set(known.map((one) => one.event));
  return Object.entries(changes).flatMap(([path, value]) => {
    const [section, event, ...rest] = path.split(".");
    if (section !== "events" || rest.length || own.has(event) || value === null || typeof value !== "object") return [];
    const pairs = [value.effects ?? []].flat().map((effect) => String(effect?.pulse ?? effect?.shift ?? ""));
    return [{ event, label: value.label ?? event, about: "", off: value.off ?? false, kind: "at", months: [value.at ?? []].flat(),
      chance: null, sizes: [], pairs, note: effectInWords([value.effects].flat()[0]), added: value }];
  });
}

function effectInWords(effect) {
  if (!effect) return "";
  const lasting = effect.lasting ? `, ${percent(effect.lasting)} of it for good` : "";
  return `Moves ${effect.pulse} by ${signed(effect.size)} pull units, half of it gone after ${effect.half_life}${lasting}.`;
}

// One event: its switch, its dates or its chance, and how often it happens.
class Row {
  constructor(view, one) {
    this.view = view;
    this.one = one;
    const id = `event-${(count += 1)}`;
    this.off = element("input", { type: "checkbox", role: "switch", id, "aria-describedby": `${id}-problem` });
    this.off.addEventListener("change", () => this.toggle());
    this.track = element("div", { class: "event-track" });
    this.bar = element("span", { class: "first", "aria-hidden": "true" });
    this.track.append(this.bar);
    this.when = element("span", { class: "when" });
    this.ofRuns = element("span", { class: "share" }); // of the runs, where there is no room for more
    this.often = element("p", { class: "often" });
    this.never = element("p", { class: "never" });
    this.problem = element("p", { class: "problem", id: `${id}-problem`, role: "alert", hidden: true });
    this.inputs = [];
    this.made = element("li", { class: "event" },
      element("div", { class: "what" }, element("div", { class: "lever-line" }, this.off, element("label", { for: id, id: `${id}-label` }, one.label)), this.details(one, `${id}-label`), this.never, this.problem),
      element("div", { class: "when-box" }, this.track), this.often);
    if (one.kind === "at") one.months.forEach((month, n) => this.addHandle(n));
    if (one.kind === "every") this.addTicks(one.months);
    if (one.chance) this.addChance(one.chance);
    if (one.added) this.made.querySelector(".lever-line").append(this.removal(one));
  }

  removal(one) {
    return button("Remove", () => this.view.remove(one.event), { class: "remove", "aria-label": `Remove ${one.label}` });
  }

  details(one, label) {
    const { app } = this.view;
    const pairs = one.pairs.map((pair) => app.opened.scenario.pairs.find((known) => known.pair === pair)?.title ?? pair);
    const parts = [];
    if (one.about) parts.push(element("p", {}, one.about));
    if (one.added) parts.push(element("p", {}, one.note));
    if (pairs.length) parts.push(element("p", {}, `Acts on ${pairs.join(", ")}.`));
    // Below the name of the event, what its effects are called need not name it again.
    this.sizes = one.sizes.map((control) => new Size(this.view, control, capital(control.label.replace(/ (of|by) “.*”$/, ""))));
    parts.push(...this.sizes.map((size) => size.made));
    return element("details", { class: "about" }, element("summary", { "aria-describedby": label }, this.when, this.ofRuns), ...parts);
  }

  toggle() {
    const { view, one } = this;
    const off = !this.off.checked;
    if (one.added) this.changeAdded({ off: off || undefined });
    else view.change(`events.${one.event}.off`, off, one.off);
  }

  changeAdded(part, dragging = false) {
    const { view, one } = this;
    const { [`events.${one.event}`]: present } = view.changes;
    const next = Object.fromEntries(Object.entries({ ...present, ...part }).filter(([, value]) => value !== undefined));
    view.apply({ ...view.changes, [`events.${one.event}`]: next }, dragging);
  }

  // --- dates

  addHandle(n) {
    const last = this.view.app.months.length - 1;
    const many = this.one.months.length > 1 ? `, date ${n + 1}` : "";
    const input = element("input", { type: "range", min: 0, max: last, step: 1, "aria-label": `Date of ${this.one.label}${many}` });
    input.addEventListener("input", () => this.date(n, input.valueAsNumber, true));
    input.addEventListener("change", () => this.date(n, input.valueAsNumber, false));
    this.inputs.push(input);
    this.track.append(input);
  }

  // Where time does not move, it shows the months and has no handle.
  addTicks(months) {
    for (const month of months) {
      const tick = element("span", { class: "tick", title: this.view.app.monthName(month) });
      tick.style.setProperty("--at", this.share(month));
      this.track.append(tick);
    }
  }

  share(month) {
    const { months } = this.view.app;
    const after = months.findIndex((one) => one >= month);
    return (after === -1 ? months.length - 1 : after) / Math.max(1, months.length - 1);
  }

  get months() {
    const { one, view } = this;
    if (one.added) return one.months;
    return [view.changes[`events.${one.event}.at`] ?? one.months].flat();
  }

  date(n, index, dragging) {
    const months = [...this.months];
    months[n] = this.view.app.months[index];
    this.describeDate(this.inputs[n], months[n]);
    if (this.one.added) this.changeAdded({ at: months }, dragging);
    else this.view.change(`events.${this.one.event}.at`, months, this.one.months, dragging);
  }

  describeDate(input, month) {
    input.setAttribute("aria-valuetext", this.view.app.monthName(month));
  }

  // --- chance

  addChance(control) {
    this.chance = new Size(this.view, control, `Chance of ${this.one.label}`);
    this.made.querySelector(".when-box").append(this.chance.made);
  }

  // --- drawing

  draw(one, often, problem) {
    this.one = one;
    const off = this.view.isOff(one);
    this.off.checked = !off;
    this.made.classList.toggle("off", off);
    const { months } = this.view.app;
    this.inputs.forEach((input, n) => {
      const month = this.months[n];
      const after = months.findIndex((known) => known >= month), place = after < 0 ? months.length - 1 : after;
      if (input.valueAsNumber !== place) input.value = place;
      this.describeDate(input, month);
    });
    this.sizes.forEach((size) => size.draw());
    this.chance?.draw();
    write(this.when, this.whenInWords());
    const never = off || one.kind !== "at" ? "" : neverInWords(this.view.app, this.months);
    write(this.never, never);
    this.never.hidden = !never;
    this.drawOften(off ? undefined : often);
    write(this.problem, problem ?? "");
    this.problem.hidden = !problem;
    this.made.classList.toggle("changed", Object.keys(this.view.changes).some((path) => `${path}.`.startsWith(`events.${one.event}.`)));
  }

  shortMonth(month) {
    return new Date(this.view.app.time(month)).toLocaleDateString("en-GB", { month: "short", year: "numeric" });
  }

  whenInWords() {
    const { app } = this.view, { kind, note } = this.one;
    if (kind === "at") return this.months.map(app.monthName).join(", ") || "No date";
    const words = this.chance ? note.replace(/^by chance, \S+ per year( \([^)]*\))?/, "by chance") : note; // the slider says the number
    return capital(words.replace(/\b\d{4}-\d{2}\b/g, app.monthName));
  }

  drawOften(often) {
    const never = !often || !often.share;
    this.bar.hidden = never || this.one.kind === "at" || !often.first25;
    if (!this.bar.hidden) {
      this.bar.style.setProperty("--from", this.share(often.first25));
      this.bar.style.setProperty("--to", this.share(often.first75));
    }
    write(this.ofRuns, often ? `${percent(often.share)} of runs` : "");
    if (!often) { write(this.often, ""); return; }
    const first = this.one.kind === "at" || !often.first25 || often.first25 === often.first75 ? ""
      : ` First mostly ${this.shortMonth(often.first25)} to ${this.shortMonth(often.first75)}.`;
    const certain = often.share === 1 || often.share === 0;
    const between = certain ? "" : ` (${percent(often.low)} to ${percent(often.high)})`;
    write(this.often, `${percent(often.share)} of runs${between}${often.mean_times > often.share ? `, ${fixed(often.mean_times, 1)} times a run` : ""}.${first}`);
  }
}

// A number of an event: a slider at the scenario's value.
class Size {
  constructor(view, control, label) {
    Object.assign(this, { view, control });
    const id = `size-${(count += 1)}`;
    this.input = element("input", { id, type: "range", min: control.low, max: control.high, step: control.step });
    this.input.addEventListener("input", () => this.change(true));
    this.input.addEventListener("change", () => this.change(false));
    this.words = element("output", { for: id });
    this.made = element("div", { class: "size" }, element("label", { for: id }, label), this.input, this.words);
  }

  change(dragging) {
    const { control } = this;
    this.view.change(control.path, this.input.valueAsNumber, control.uncertain ? undefined : control.value, dragging);
    this.describe(this.input.valueAsNumber);
  }

  draw() {
    const value = amount(this.view.changes[this.control.path] ?? this.control.value, this.control.unit);
    if (typeof value === "number" && this.input.valueAsNumber !== value) this.input.value = value;
    this.describe(value);
  }

  describe(value) {
    const { unit, uncertain, path } = this.control;
    const drawn = uncertain && !(path in this.view.changes) ? ` (${short(uncertain.low)} to ${short(uncertain.high)})` : "";
    const words = typeof value === "number" ? `${number(value)}${unit ? ` ${unit}` : ""}${drawn}` : written(value);
    write(this.words, words);
    this.input.setAttribute("aria-valuetext", words);
  }
}

// An event of one's own: a push on a pair in a month.
class Form {
  constructor(app, add) {
    this.app = app;
    this.label = element("input", { type: "text", required: true, maxlength: 100, autocomplete: "off", placeholder: "Trade agreement" });
    this.from = choice([], "", () => this.describe());
    this.to = choice([], "", () => this.describe());
    this.ways = choice([], "-", () => this.describe());
    this.domain = choice([], "", () => this.describe());
    // A field of text where the browser knows no months.
    this.month = element("input", { type: "month", required: true, pattern: "\\d{4}-(0[1-9]|1[0-2])", placeholder: "2023-01", "aria-describedby": "add-event-never" });
    this.never = element("output", { id: "add-event-never", class: "never" });
    this.size = element("input", { type: "range", min: -1, max: 1, step: 0.01, value: 0.15 });
    this.sizeWords = element("output");
    this.halfLife = choice(HALF_LIVES, "9 months", () => this.describe());
    this.lasting = element("input", { type: "range", min: 0, max: 1, step: 0.05, value: 0.2 });
    this.lastingWords = element("output");
    this.notice = element("p", { class: "note", role: "status" });
    for (const input of [this.month, this.size, this.lasting]) input.addEventListener("input", () => this.describe());
    const field = (text, ...parts) => element("label", {}, element("span", {}, text), ...parts);
    this.fields = element("form", { class: "add-event" },
      field("Name", this.label), field("First state", this.from), field("Second state", this.to),
      field("Who changes", this.ways), field("Domain", this.domain), field("Month", this.month, this.never),
      field("Size of the push", this.size, this.sizeWords), field("Half of it is gone after", this.halfLife), field("Share that stays for good", this.lasting, this.lastingWords),
      element("button", { type: "submit", class: "main" }, "Add the event"), this.notice);
    this.fields.addEventListener("submit", (event) => { event.preventDefault(); this.submit(add); });
    this.summary = element("summary", {}, "Add an event");
    this.made = element("details", { class: "adding" }, this.summary,
      element("p", { class: "note" }, "An event pushes what states show each other. A lasting push of +0.10 raises it by about 0.10 where it is near 0; " +
        "under the slider stands an act of about that size, with its points on the Goldstein scale."),
      this.fields);
  }

  open() {
    const { states, pairs, domains } = this.app.opened.scenario;
    const rows = states.map(({ code, name }) => [code, name || code]);
    const [first, second] = (pairs.find((one) => one.watched) ?? pairs[0])?.pair.split("-") ?? [];
    choices(this.from, rows, first);
    choices(this.to, rows, second);
    choices(this.domain, [["", "all domains"], ...domains.map((one) => [one, one])], "");
    this.ways.value = "-";
    this.month.value = this.app.months[Math.round((this.app.months.length - 1) / 4)];
    this.describe();
  }

  focus() {
    if (this.made.open) this.label.focus();
    else this.summary.focus();
  }

  describe() {
    const [first, second] = [this.from.value, this.to.value].map(this.app.stateName);
    choices(this.ways, [["-", `${first} and ${second}`], [">", `${first} alone, towards ${second}`]], this.ways.value || "-");
    write(this.never, neverInWords(this.app, [this.month.value].filter(Boolean)));
    const size = this.size.valueAsNumber;
    const [, act] = HINTS.reduce((near, one) => (Math.abs(one[0] - size) < Math.abs(near[0] - size) ? one : near));
    const words = `${signed(size)} pull units${Math.abs(size) < 0.02 ? "" : `: ${act}`}`;
    write(this.sizeWords, words);
    this.size.setAttribute("aria-valuetext", words);
    write(this.lastingWords, percent(this.lasting.valueAsNumber));
    this.to.setCustomValidity(this.from.value === this.to.value ? "Choose two different states." : "");
  }

  submit(add) {
    const label = this.label.value.trim();
    const domain = this.domain.value ? `.${this.domain.value}` : "";
    const effect = {
      pulse: `${this.from.value}${this.ways.value}${this.to.value}${domain}`, size: this.size.valueAsNumber,
      half_life: this.halfLife.value, lasting: this.lasting.valueAsNumber,
    };
    add(this.keyFor(label), { label, at: [this.month.value], effects: [effect] });
    write(this.notice, `${label} is added, at the top of the list. ${this.never.textContent}`);
    this.label.value = "";
  }

  // A key of letters, digits and underscores that no event has.
  keyFor(label) {
    const plain = label.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "").slice(0, LONGEST_KEY);
    const stem = /^[a-z]/.test(plain) ? plain : `event_${plain}`.replace(/_$/, "");
    const taken = new Set([...this.app.opened.events.map((one) => one.event), ...Object.keys(this.app.state.changes).map((path) => path.split(".")[1])]);
    let key = stem;
    for (let n = 2; taken.has(key); n += 1) key = `${stem}_${n}`;
    return key;
  }
}
