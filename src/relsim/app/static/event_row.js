// One event on the time line, its numbers, and the words that say when it happens.

import { button, element, write } from "./elements.js";
import { amount, capital, fixed, number, percent, written } from "./words.js";

let count = 0; // for ids
const short = (value) => number(Number(value.toPrecision(2)));

// Why an event with these months does not happen in all of them; empty where it does.
export function neverInWords(app, months) {
  const { start, end } = app.opened.scenario;
  const early = months.filter((month) => month < start), late = months.filter((month) => month >= end);
  const named = (some) => some.map(app.monthName).join(", ");
  return [early.length ? `It will not happen in ${named(early)}: the scenario begins in ${app.monthName(start)}.` : "",
    late.length ? `It will not happen in ${named(late)}: the scenario ends in ${app.monthName(end)}.` : ""].filter(Boolean).join(" ");
}

// Its switch, its dates or its chance, and how often it happens.
export class EventRow {
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
    const parts = [];
    if (one.about) parts.push(element("p", {}, one.about));
    if (one.added) parts.push(element("p", {}, one.note));
    else if (one.pairs.length) parts.push(element("p", {}, `Acts on ${one.pairs.map(app.title).join(", ")}.`));
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

  // Its number among the months of the scenario: the last for one beyond them.
  place(month) {
    const { months } = this.view.app, after = months.findIndex((one) => one >= month);
    return after < 0 ? months.length - 1 : after;
  }

  share(month) {
    return this.place(month) / Math.max(1, this.view.app.months.length - 1);
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
    this.inputs.forEach((input, n) => {
      const month = this.months[n], place = this.place(month);
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
