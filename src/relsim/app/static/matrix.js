// The matrix of all pairs: the opening below the diagonal, the month compared above it.

import { button, choice, element, write } from "./elements.js";
import { signed } from "./words.js";

const MOST_STATES = 40; // of more, those of the pairs that are watched or differ most
const NOTABLE = 0.005; // a difference from the base that two decimals show
const DIGITS = 3; // of differences where they alone are shown
const LEAST_SCALE = 0.02; // of the colours of differences
// figures/style.DIVERGING, and the same hues around a dark middle.
const LIGHT = ["#8c510a", "#d8b365", "#f6e8c3", "#f7f7f7", "#c7e0f0", "#5aa4cf", "#0b4f8a"];
const DARK = ["#f0b45e", "#b0772a", "#5e4526", "#2a3138", "#1f4359", "#2f7fb3", "#8fcaf2"];
const BLACK = "#000000", WHITE = "#ffffff";
const LEVELS = "levels", DIFFERENCES = "differences";
const MOVES = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };

export class Matrix {
  constructor(place, app) {
    this.app = app;
    this.picture = null;
    this.codes = [];
    this.cells = new Map(); // "row column" → cell
    this.shown = choice([[LEVELS, "levels"], [DIFFERENCES, "difference from the base"]], LEVELS, () => this.draw());
    this.note = element("p", { class: "note" });
    this.legend = element("div", { class: "shades", role: "img" });
    this.subject = element("p", { class: "subject-line" });
    this.box = element("div", { class: "scroll matrix-box", role: "region", "aria-label": "Matrix of all pairs", tabindex: 0 });
    place.replaceChildren(
      this.note,
      element("div", { class: "tools" }, element("label", {}, "Show ", this.shown), this.legend),
      this.box, this.subject);
  }

  open() {
    this.picture = null;
    this.codes = [];
    this.cells.clear();
    this.box.replaceChildren();
    this.showSubject();
  }

  show(message) {
    if (message.type === "picture" && message.matrix) {
      this.picture = message;
      this.draw();
    } else if (message.type === "state") this.showSubject();
  }

  draw() {
    if (!this.picture) return;
    const byPair = new Map(this.picture.matrix.pairs.map((row) => [keyOf(...row.pair.split("-")), row]));
    const codes = this.codesShown(this.picture.matrix.pairs);
    if (codes.join() !== this.codes.join()) this.build(codes, byPair);
    const differing = this.shown.value === DIFFERENCES;
    const scale = differing ? this.scaleOfDifferences() : 1;
    const month = this.app.monthName(this.picture.month);
    const start = this.app.monthName(this.app.months[0]);
    for (const cell of this.cells.values()) {
      const row = byPair.get(keyOf(cell.row, cell.column));
      cell.made.disabled = !row;
      if (row) this.fill(cell, row, { differing, scale, month, start });
    }
    this.explain(differing, scale, month, start);
    this.showSubject();
  }

  codesShown(pairs) {
    const { states, pairs: named } = this.app.opened.scenario;
    const codes = states.map((one) => one.code);
    if (codes.length <= MOST_STATES) return codes;
    const watched = named.filter((one) => one.watched).map((one) => one.pair);
    const differing = [...pairs].sort((one, other) => Math.abs(fromBase(other)) - Math.abs(fromBase(one)));
    const chosen = new Set([...watched, ...differing.map((row) => row.pair)].flatMap((pair) => pair.split("-")));
    return this.codes.length ? this.codes : [...chosen].slice(0, MOST_STATES);
  }

  build(codes, byPair) {
    this.codes = codes;
    this.cells.clear();
    const name = this.app.stateName;
    const heads = codes.map((code) => element("th", { scope: "col", title: name(code) }, code));
    const rows = codes.map((row) => element("tr", {},
      element("th", { scope: "row" }, element("span", { class: "code" }, row), element("span", { class: "name" }, name(row))),
      ...codes.map((column) => (row === column ? element("td", { class: "self" }) : this.makeCell(row, column, byPair)))));
    const table = element("table", { class: "matrix" },
      element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "State"), ...heads)), element("tbody", {}, ...rows));
    table.addEventListener("keydown", (event) => this.move(event));
    table.addEventListener("focusin", (event) => this.reachByTab(event.target));
    this.box.replaceChildren(table);
  }

  // One cell is reached by the tab key; the arrow keys lead from there to the others.
  makeCell(row, column, byPair) {
    const pair = byPair.get(keyOf(row, column))?.pair;
    const level = element("span", { class: "level" }), beside = element("span", { class: "beside-level" });
    const made = button("", () => this.app.pick(pair), { class: "cell", tabindex: this.cells.size ? -1 : 0 });
    made.append(level, beside);
    const cell = { row, column, pair, made, level, beside };
    made.dataset.cell = `${row} ${column}`;
    this.cells.set(made.dataset.cell, cell);
    return element("td", {}, made);
  }

  fill(cell, row, { differing, scale, month, start }) {
    const above = this.codes.indexOf(cell.row) < this.codes.indexOf(cell.column);
    const difference = fromBase(row);
    const notable = Math.abs(difference) >= NOTABLE;
    const value = differing ? difference : above ? row.end : row.opening;
    const beside = above && notable && !differing ? signed(difference) : "";
    write(cell.level, differing ? signed(value, DIGITS).replace(/^0\.0+$/, "0") : signed(value));
    write(cell.beside, beside);
    cell.made.classList.toggle("differs", Boolean(beside));
    paint(cell.made, value / scale);
    const words = differing ? `${signed(difference, 3)} from the base in ${month}`
      : above ? `${signed(row.end)} in ${month}, ${signed(difference, 3)} from the base` : `${signed(row.opening)} at the opening, ${start}`;
    const label = `${this.app.title(row.pair)}: ${words}`;
    if (cell.made.title === label) return;
    cell.made.title = label;
    cell.made.setAttribute("aria-label", label);
  }

  scaleOfDifferences() {
    const most = Math.max(...this.picture.matrix.pairs.map((row) => Math.abs(fromBase(row))));
    return Math.max(LEAST_SCALE, Math.ceil(50 * most) / 50);
  }

  explain(differing, scale, month, start) {
    const some = this.codes.length < this.app.opened.scenario.states.length
      ? ` The ${this.codes.length} states that are watched or differ most, of ${this.app.opened.scenario.states.length}.` : "";
    write(this.note, (differing
      ? `Difference of overall cooperation from the base in ${month}, medians over the runs.`
      : `Overall cooperation, medians over the runs: above the empty diagonal in ${month}, below it at the opening, ${start}. ` +
        "A small second number, with a dotted edge, is the difference from the base.") +
      ` Click a cell to choose its pair for the whole page; arrow keys move between cells.${some}`);
    const ends = differing ? [signed(-scale), "0", signed(scale)] : [signed(-1, 0), "0", signed(1, 0)];
    const stripe = element("span", { class: "stripe" });
    stripe.style.background = `linear-gradient(to right, ${LIGHT.map((light, n) => `light-dark(${light}, ${DARK[n]})`).join(", ")})`;
    this.legend.replaceChildren(element("span", {}, ends[0]), stripe, element("span", {}, ends[2]));
    this.legend.setAttribute("aria-label", `Colours from ${ends[0]}, orange, to ${ends[2]}, blue`);
  }

  showSubject() {
    const { pair } = this.app.state;
    if (!this.app.opened || !pair) return;
    this.subject.replaceChildren("Chosen pair: ", element("strong", {}, this.app.title(pair)), ". Futures and reasons are about it.");
    const chosen = keyOf(...pair.split("-"));
    for (const cell of this.cells.values()) cell.made.setAttribute("aria-pressed", String(keyOf(cell.row, cell.column) === chosen));
  }

  reachByTab(target) {
    if (!target.dataset.cell) return;
    for (const cell of this.cells.values()) cell.made.tabIndex = cell.made === target ? 0 : -1;
  }

  move(event) {
    const by = MOVES[event.key], here = this.cells.get(event.target.dataset.cell);
    if (!by || !here) return;
    event.preventDefault();
    let [row, column] = [this.codes.indexOf(here.row), this.codes.indexOf(here.column)];
    do {
      row += by[0];
      column += by[1];
    } while (row === column); // over the diagonal
    this.cells.get(`${this.codes[row]} ${this.codes[column]}`)?.made.focus();
  }
}

// 0 where the base has no such pair.
const fromBase = (row) => (Number.isFinite(row.base) ? row.end - row.base : 0);
const keyOf = (one, other) => (one < other ? `${one} ${other}` : `${other} ${one}`);

// The colours of a cell, in the light and in the dark, and inks that are read on them.
function paint(cell, value) {
  const light = shade(value, LIGHT), dark = shade(value, DARK);
  const key = `${light} ${dark}`;
  if (cell.dataset.shade === key) return;
  cell.dataset.shade = key;
  cell.style.background = `light-dark(${hex(light)}, ${hex(dark)})`;
  cell.style.color = `light-dark(${inkOn(light)}, ${inkOn(dark)})`;
}

function shade(value, colours) {
  const place = ((Math.min(Math.max(value, -1), 1) + 1) / 2) * (colours.length - 1);
  const below = Math.min(Math.floor(place), colours.length - 2);
  return [1, 3, 5].map((at) => {
    const [one, other] = [colours[below], colours[below + 1]].map((colour) => parseInt(colour.slice(at, at + 2), 16));
    return Math.round(one + (other - one) * (place - below));
  });
}

const hex = (channels) => `#${channels.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;

// Black or white, whichever has more contrast (WCAG 2): at least 4.58 to 1 on any colour.
function inkOn(channels) {
  const [red, green, blue] = channels.map((channel) => channel / 255)
    .map((share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4));
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return (luminance + 0.05) ** 2 > 1.05 * 0.05 ? BLACK : WHITE;
}
