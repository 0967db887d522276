// One pair: its fan with the ghost of the base, its paired difference, and the verdict.

import { element } from "./elements.js";
import { fixed, signed, unbroken } from "./words.js";

const BESIDE = 64; // pixels beside the panel of a fan: its axis of levels and its padding
const NUMBER = 22; // pixels of a number of two digits above a fan
// Told apart by shape and word, not by colour alone.
const VERDICTS = { higher: ["▲", "higher"], lower: ["▼", "lower"] };
const OPEN = ["◆", "open"], SAME = ["=", "same"];

export class PairCharts {
  // `specs` are the definitions of the fan and of the difference; `title` is where the name of the pair is written.
  constructor(app, specs, title) {
    Object.assign(this, { app, specs, title });
    this.badge = element("span", { class: "badge open" });
    this.sentence = element("p", { class: "sentence" });
    this.fan = element("div", { class: "chart" });
    this.difference = element("div", { class: "chart" });
    for (const name of ["fan", "difference"]) this[name].style.minHeight = `${specs[name].height}px`;
    this.charts = {}; // by the names of the specs
    this.told = null; // what is shown: pair, message, and the month compared
    this.above = 0; // rows of numbers above the panel of the fan
  }

  remove() {
    for (const chart of Object.values(this.charts)) chart.remove();
  }

  // What the promises wait for can be seen; other charts are drawn later.
  draw(pair, message) {
    const { fan, difference, range, difference_range: apart } = message.pairs[pair];
    const was = this.told, { app } = this, compared = app.state.month ? [{ month: app.time(message.month) }] : [];
    this.told = { pair, message, month: compared[0]?.month, opened: app.opened };
    const again = was?.pair !== pair, moved = again || was.month !== this.told.month;
    if (again) this.title.textContent = app.title(pair);
    const above = this.above, still = this.still(was);
    const drawn = {
      fan: this.chart("fan", { data: { fan: this.columns(fan), ...(moved ? { compared } : {}), ...still },
        signals: { low: range[0], high: range[1] }, resize: above !== this.above }),
      difference: this.chart("difference", { data: { difference: this.columns(difference), ...(moved ? { compared } : {}) },
        signals: { low: apart[0], high: apart[1] } }),
    };
    return Object.keys(drawn).filter((name) => this.charts[name].seen).map((name) => drawn[name]);
  }

  // A chart is made with its first data, and later only told of new ones.
  chart(name, content) {
    if (this.charts[name]) return this.charts[name].update(content);
    this.charts[name] = this.app.chart(this[name], this.specs[name], { ...content, name });
    return this.charts[name].ready;
  }

  // What stays while a slider is held is not put in anew: that would be half of the work.
  still(was) {
    const { pair, message, opened } = this.told, { fan, ghost, events } = message.pairs[pair];
    const again = was?.pair !== pair, before = again ? null : was.message.pairs[pair];
    const data = {};
    if (again || was.opened !== opened || was.message.runs !== message.runs) data.ghost = this.columns(ghost);
    if (before?.fan.median[0] !== fan.median[0]) data.opening = [{ median: fan.median[0] }];
    if (JSON.stringify(before?.events) !== JSON.stringify(events)) data.events = this.marks(events);
    return data;
  }

  columns({ time, ...numbers }) {
    return { month: time.map(this.app.time), ...numbers };
  }

  // Events with the row in which the number of each stands clear of those before it, in the width of the chart.
  marks(events) {
    const { app } = this, [first, last] = [app.months[0], app.months.at(-1)].map(app.time);
    this.width = this.fan.clientWidth;
    const room = ((last - first) * NUMBER) / Math.max(NUMBER, this.width - BESIDE);
    const ends = []; // of the last number in each row
    const placed = events.map((one) => {
      const month = app.time(one.time), free = ends.findIndex((end) => end <= month);
      const row = free < 0 ? ends.length : free;
      ends[row] = month + room;
      return { ...one, month, row };
    });
    this.above = ends.length;
    return placed;
  }

  // In another width, numbers above the fan may need other rows.
  fit() {
    if (!this.told || this.fan.clientWidth === this.width) return;
    const { above } = this, events = this.marks(this.told.message.pairs[this.told.pair].events);
    this.charts.fan.update({ data: { events }, resize: above !== this.above });
  }

  // In words, which may follow the picture.
  tell() {
    const { app } = this, { pair, message } = this.told, { fan, ghost, difference, effect } = message.pairs[pair];
    this.judge(effect, message);
    const end = fan.median.length - 1;
    this.charts.fan.describe(`Fan chart of ${app.title(pair)}, overall cooperation by month. In ${app.monthName(fan.time[end])}: median ${fixed(fan.median[end])}, ` +
      `80 % of runs from ${fixed(fan.lower80[end])} to ${fixed(fan.upper80[end])}; median of the base ${fixed(ghost.median[end])}.`);
    this.charts.difference.describe(`Paired difference from the base of ${app.title(pair)}. In ${app.monthName(fan.time[end])}: median ${signed(difference.median[end], 3)}, ` +
      `80 % of paired runs from ${signed(difference.lower80[end], 3)} to ${signed(difference.upper80[end], 3)}.`);
  }

  judge(effect, message) {
    const same = message.same || effect.word === "identical";
    const [sign, kind] = same ? SAME : VERDICTS[effect.word] ?? OPEN;
    const word = same ? "same as the base" : effect.negligible && kind !== OPEN[1] ? `${effect.word}, negligibly` : effect.word;
    this.badge.className = `badge ${effect.negligible && !same ? "open" : kind}`;
    this.badge.replaceChildren(element("span", { "aria-hidden": "true" }, sign), ` ${word}`);
    this.sentence.textContent = unbroken(message.same ? effect.sentence
      : `${this.app.monthName(message.month)}, against the base. ${effect.sentence} Medians: ${signed(effect.other)}, in the base ${signed(effect.base)}.`);
  }
}
