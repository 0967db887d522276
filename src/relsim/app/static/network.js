// The network of states: ties by colour, months to scrub through, and what draws a pair.

import { button, choice, choices, element, write } from "./elements.js";
import { signed } from "./words.js";

const PACE = 350; // milliseconds for a month while the months play
const SCALE_OF_LEVELS = 0.2, SCALE_OF_DIFFERENCES = 0.02; // the least at which ties are thickest
const COLOURS = [
  ["level", "cooperation"],
  ["change", "change since the opening"],
  ["difference", "difference from the base"],
];
const reducedMotion = window.matchMedia("(prefers-reduced-motion: reduce)");

export class Network {
  constructor(place, app) {
    this.app = app;
    this.chart = null;
    this.picture = null; // the last with a network
    this.pulls = null;
    this.pointed = null; // the pair that the pointer or the focus is on
    this.month = 0;
    this.asked = undefined; // the month of the app that the slider was last set to
    this.timer = null;
    this.build(place);
  }

  build(place) {
    this.play = button("▶ Play", () => this.toggle(), { class: "play" });
    this.slider = element("input", { type: "range", min: 0, max: 1, step: 1, value: 1, id: "network-month" });
    this.slider.addEventListener("input", () => { this.stop(); this.scrub(this.slider.valueAsNumber); });
    this.slider.addEventListener("change", () => this.choose());
    this.monthWords = element("output", { for: "network-month", class: "month-word" });
    this.colours = choice(COLOURS, "level", () => this.draw());
    this.only = choice([["", "all states"]], "", () => this.draw());
    this.canvas = element("div", { class: "chart network-chart" });
    this.panel = element("section", { class: "panel pulls", "aria-live": "off" });
    this.subject = element("p", { class: "subject-line" });
    this.rows = new Map();
    this.body = element("tbody");
    this.tableNote = element("p", { class: "note" });
    this.monthHead = element("span");
    place.replaceChildren(
      element("p", { class: "note" }, "States that cooperated most at the opening stand close together. The colour of a tie is the median of " +
        "overall cooperation over the runs; the more it has changed, the wider the tie. Watched pairs are outlined, the chosen pair in purple. " +
        "Click a tie to choose its pair for the whole page, a state to see its ties alone, and anywhere else to see all again."),
      element("div", { class: "tools" },
        this.play,
        element("label", { class: "scrub" }, "Month ", this.slider, this.monthWords),
        element("label", {}, "Colour ", this.colours),
        element("label", {}, "Only ties of ", this.only)),
      element("div", { class: "beside" }, this.canvas, element("div", {}, this.subject, this.panel)),
      element("h2", {}, "Ties that changed most"),
      this.tableNote,
      element("div", { class: "scroll rows-box", tabindex: 0, role: "region", "aria-label": "Ties that changed most" },
        element("table", { class: "ties" },
          element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Pair"),
            ...["Opening", this.monthHead, "Change", "From base"].map((head) => element("th", { scope: "col", class: "number" }, head)))),
          this.body)));
    this.labelPlay();
    reducedMotion.addEventListener("change", () => { this.stop(); this.labelPlay(); });
  }

  open() {
    this.stop();
    this.chart?.remove?.();
    this.chart = null;
    this.picture = this.pulls = this.pointed = null;
    this.asked = undefined;
    this.rows.clear();
    this.body.replaceChildren();
    const { states } = this.app.opened.scenario;
    choices(this.only, [["", "all states"], ...states.map(({ code, name }) => [code, name || code])], "");
  }

  enter() {
    if (this.picture) this.draw();
  }

  show(message) {
    if (message.type === "picture" && message.network) this.take(message);
    else if (message.type === "pulls") { this.pulls = message; this.showPulls(); }
    else if (message.type === "state") this.showSubject();
    if (this.app.state.view !== "network") this.stop();
  }

  take(message) {
    this.picture = message;
    const { months } = message.network;
    this.slider.max = months.length - 1;
    const wanted = this.app.state.month ?? months.at(-1);
    if (wanted !== this.asked) {
      this.asked = wanted;
      this.month = nearest(months, wanted);
    }
    this.month = Math.min(this.month, months.length - 1);
    this.embed();
    this.draw();
  }

  embed() {
    const spec = this.app.opened.charts.network;
    if (this.chart || !spec) return;
    this.chart = this.app.chart(this.canvas, spec, { name: "network", made: (view) => this.listen(view) });
  }

  // Ties answer the pointer wherever it meets them.
  listen(view) {
    const pairOf = (item) => item?.datum?.pair ?? null;
    view.addEventListener("mousemove", (event, item) => this.point(pairOf(item)));
    view.addEventListener("click", (event, item) => pairOf(item) && this.pick(pairOf(item)));
  }

  point(pair) {
    if (pair === null || pair === this.pointed) return;
    this.pointed = pair;
    this.showPulls();
  }

  pick(pair) {
    this.pointed = pair;
    this.app.pick(pair);
    this.showSubject();
  }

  draw() {
    if (!this.picture) return;
    const { nodes, ties, months } = this.picture.network;
    const colours = this.colours.value, month = this.month;
    const least = colours === "difference" ? SCALE_OF_DIFFERENCES : SCALE_OF_LEVELS;
    const moved = colours === "difference"
      ? ties.flatMap((tie) => tie.levels.map((level, n) => Math.abs(level - baseOf(tie, n, months.length))))
      : ties.flatMap((tie) => tie.levels.map((level) => Math.abs(level - tie.levels[0])));
    const reach = Math.max(least, rounded(Math.max(...moved.filter(Number.isFinite), 0)));
    const signals = { months, month, colours, only: this.only.value, reach, subject: this.app.state.pair };
    this.chart?.update({ data: { nodes, ties }, signals });
    this.showMonth();
    this.showSubject();
    this.showRows();
  }

  showMonth() {
    const word = this.app.monthName(this.picture.network.months[this.month]);
    this.slider.value = this.month;
    this.slider.setAttribute("aria-valuetext", word);
    write(this.monthWords, word);
    write(this.monthHead, word);
  }

  scrub(month) {
    this.month = month;
    this.chart?.update({ signals: { month } });
    this.showMonth();
    this.showPulls();
    this.showRows();
  }

  // The month scrubbed to becomes the month of the whole page; the opening has nothing to compare.
  choose() {
    if (!this.picture || this.month === 0) return;
    const { months } = this.picture.network;
    const month = this.month === months.length - 1 ? null : months[this.month];
    this.asked = month ?? months.at(-1);
    if (month !== this.app.state.month) this.app.set({ month });
  }

  // --- playing

  toggle() {
    if (this.timer !== null) { this.stop(); this.choose(); return; }
    if (!this.picture) return;
    const last = this.picture.network.months.length - 1;
    if (reducedMotion.matches) { this.scrub(this.month === last ? 0 : this.month + 1); this.choose(); return; }
    if (this.month === last) this.scrub(0);
    this.timer = window.setInterval(() => {
      if (this.month < last) this.scrub(this.month + 1);
      if (this.month >= last) { this.stop(); this.choose(); }
    }, PACE);
    this.labelPlay();
  }

  stop() {
    window.clearInterval(this.timer);
    this.timer = null;
    this.labelPlay();
  }

  labelPlay() {
    write(this.play, reducedMotion.matches ? "Next month" : this.timer === null ? "▶ Play" : "❚❚ Pause");
  }

  // --- the pair looked at

  showSubject() {
    const { pair } = this.app.state;
    if (!this.app.opened || !pair) return;
    this.subject.replaceChildren("Chosen pair: ", element("strong", {}, this.app.title(pair)), ". Futures and reasons are about it.");
    this.chart?.update({ signals: { subject: pair } });
    for (const [name, row] of this.rows) row.picks.setAttribute("aria-pressed", String(name === pair));
    this.showPulls();
  }

  showPulls() {
    if (!this.picture) return;
    const pair = this.pointed ?? this.app.state.pair;
    const tie = this.picture.network.ties.find((one) => one.pair === pair);
    const parts = this.pulls?.pairs[pair];
    const shown = [element("h3", {}, this.app.title(pair))];
    if (tie) shown.push(element("p", { class: "figures" }, this.figuresOf(tie)));
    for (const [direction, rows] of Object.entries(parts ?? {})) shown.push(...this.partsOf(direction, rows));
    if (parts) shown.push(element("p", { class: "note" }, "What adds most to the pull in the month compared, or takes most from it, in pull units: means over " +
      `${this.pulls.runs} runs. Point at another tie, or move through the list below, to see its pair here.`));
    this.panel.replaceChildren(...shown);
    this.panel.classList.toggle("old", Boolean(parts) && this.pulls.number !== this.picture.number);
  }

  figuresOf(tie) {
    const level = tie.levels[this.month], { months } = this.picture.network;
    const difference = level - baseOf(tie, this.month, months.length);
    const beside = Number.isFinite(difference) ? `; ${signed(difference, 3)} from the base` : "";
    return `${signed(tie.levels[0])} at the opening, ${signed(level)} in ${this.app.monthName(months[this.month])}${beside}.`;
  }

  partsOf(direction, rows) {
    const [from, to] = direction.split(">").map(this.app.stateName);
    const most = Math.max(0.05, ...rows.map((row) => Math.abs(row.value)));
    const bars = rows.map(({ label, value }) => {
      const width = `${(100 * Math.abs(value)) / most / 2}%`;
      const bar = element("i", { class: value < 0 ? "down" : "up" });
      bar.style.width = width;
      return element("li", {}, element("span", {}, label), element("span", { class: "part", "aria-hidden": "true" }, bar),
        element("span", { class: "number" }, signed(value, 3)));
    });
    const head = element("h4", {}, `What draws ${from} to ${to}`);
    return [head, bars.length ? element("ul", { class: "parts" }, ...bars) : element("p", { class: "note" }, "Nothing that stands out.")];
  }

  // --- the list

  showRows() {
    const { ties, months } = this.picture.network;
    const byDifference = this.colours.value === "difference";
    const rows = ties
      .filter((tie) => !this.only.value || tie.first === this.only.value || tie.second === this.only.value)
      .map((tie) => {
        const level = tie.levels[this.month];
        return { tie, level, change: level - tie.levels[0], difference: level - baseOf(tie, this.month, months.length) };
      });
    const size = (row) => Math.abs(byDifference ? row.difference || 0 : row.change);
    rows.sort((one, other) => size(other) - size(one));
    write(this.tableNote, `Sorted by the ${byDifference ? "difference from the base" : "change since the opening"} in ` +
      `${this.app.monthName(months[this.month])}. Click a pair to choose it for the whole page.`);
    const kept = this.body.contains(document.activeElement); // a row that is moved loses the focus
    const shown = rows.map((row) => this.rowOf(row));
    if (!kept && shown.some((one, n) => this.body.children[n] !== one)) this.body.replaceChildren(...shown);
    else if (!kept && this.body.children.length !== shown.length) this.body.replaceChildren(...shown);
  }

  rowOf({ tie, level, change, difference }) {
    if (!this.rows.has(tie.pair)) this.rows.set(tie.pair, this.makeRow(tie));
    const row = this.rows.get(tie.pair);
    [tie.levels[0], level, change].forEach((value, n) => write(row.cells[n], signed(value)));
    write(row.cells[3], signed(difference, 3));
    return row.made;
  }

  makeRow(tie) {
    const pressed = String(tie.pair === this.app.state.pair);
    const picks = button(this.app.title(tie.pair), () => this.pick(tie.pair), { class: "pair", "aria-pressed": pressed });
    for (const event of ["focus", "mouseenter"]) picks.addEventListener(event, () => this.point(tie.pair));
    const cells = Array.from({ length: 4 }, () => element("td", { class: "number" }));
    const made = element("tr", {}, element("th", { scope: "row" }, picks), ...cells);
    return { made, picks, cells };
  }
}

// The base's level in a month: by month, or at the end alone.
function baseOf(tie, month, months) {
  if (Array.isArray(tie.base)) return tie.base[month];
  return month === months - 1 && tie.base !== undefined && tie.base !== null ? tie.base : NaN;
}

// Where a month stands among those shown: the last that is not after it.
function nearest(months, wanted) {
  const after = months.findIndex((month) => month > wanted);
  return after === -1 ? months.length - 1 : Math.max(0, after - 1);
}

// Up to the next number with one digit, so that widths do not jump with every picture.
function rounded(value) {
  if (value <= 0) return 0;
  const unit = 10 ** Math.floor(Math.log10(value));
  return Math.ceil(value / unit) * unit;
}
