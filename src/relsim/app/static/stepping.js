// Step mode: one run of the ensemble, month by month, with each state's numbers.

import { button, choice, element, write } from "./elements.js";
import { alike } from "./state.js";
import { number, signed } from "./words.js";

const YEAR = 12; // steps of the longer button
const SPEEDS = [["1", "1 step a second"], ["4", "4 steps a second"], ["20", "as fast as 20"]];
const COLOURS = [["level", "cooperation"], ["change", "change since the opening"]];
const MOST_RUN = 9999;
// Hues of figures/style.SERIES that have 3 to 1 against the paper both in the light and in the dark.
const LINES = ["#2f7fc1", "#d0672b", "#1f9070", "#b0629a", "#9a7c12", "#7a8794"];
const DASHES = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 2, 1, 2, 1, 2], [12, 4]];
const STALE = "The assumptions have changed since this run began. Press Reset to begin it again with them.";
const REACH = 0.2; // the change at which ties are thickest, at least
const FULL = 0.5; // the standing whose bar is as long as may be
const ROOM = 0.25; // ends of the axis of levels are multiples of it

export class Stepping {
  constructor(place, app) {
    this.app = app;
    this.path = []; // the months stepped through
    this.now = null; // the last answer
    this.state = ""; // whose numbers are shown
    this.playing = false;
    this.waiting = false;
    this.timer = null;
    this.builtOf = null; // the changes of the model that is stepped through
    this.build(place);
  }

  build(place) {
    this.play = button("▶ Play", () => this.toggle(), { class: "play" });
    this.one = button("1 step", () => this.step(1));
    this.year = button(`${YEAR} steps`, () => this.step(YEAR));
    this.back = button("Reset", () => this.reset());
    this.run = element("input", { type: "number", min: 0, max: MOST_RUN, step: 1, value: 0 });
    this.run.addEventListener("change", () => this.reset());
    this.speed = choice(SPEEDS, "4", () => {});
    this.colours = choice(COLOURS, "level", () => this.drawNetwork());
    this.month = element("strong", { class: "month-word" });
    this.progress = element("progress", { max: 1, value: 0, "aria-label": "Steps taken" });
    this.count = element("span", { class: "note" });
    this.stale = element("p", { class: "banner", hidden: true });
    this.agent = element("p", { class: "note" });
    this.happened = element("ol", { class: "happened", reversed: true });
    this.nothing = element("p", { class: "note" }, "Nothing yet.");
    this.network = element("div", { class: "chart network-chart" });
    this.lines = element("div", { class: "chart" });
    this.states = element("tbody");
    this.rows = new Map(); // code → row
    this.inspector = element("section", { class: "panel inspector" });
    place.replaceChildren(
      element("p", { class: "note" }, "One run alone: a single future, with the events and the chance of the run of this number. " +
        "The bands, claims and reasons of the other views are about all runs."),
      element("div", { class: "tools" }, this.play, this.one, this.year, this.back,
        element("label", {}, "Run ", this.run), element("label", {}, "Speed ", this.speed), element("label", {}, "Colour ", this.colours)),
      this.stale,
      element("div", { class: "clock" }, this.month, this.progress, this.count),
      element("div", { class: "beside" },
        element("div", {}, this.network, this.lines),
        element("div", {},
          element("h3", {}, "What happened"), this.nothing, element("div", { class: "scroll happened-box", tabindex: 0, role: "region", "aria-label": "What happened" }, this.happened),
          element("h3", {}, "States"), this.agent,
          element("div", { class: "scroll rows-box", tabindex: 0, role: "region", "aria-label": "States" }, element("table", { class: "standings" },
            element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "State"), element("th", { scope: "col", class: "number" }, "Standing"), element("th", {}))),
            this.states)))),
      this.inspector);
  }

  open() {
    this.pause();
    this.now = null;
    this.path = [];
    this.rows.clear();
    this.states.replaceChildren();
    this.waiting = false;
    for (const chart of [this.map, this.curves]) chart?.remove();
    this.map = this.curves = null;
    this.state = "";
    this.inspector.replaceChildren(element("p", { class: "note" }, "Choose a state to see what it shows the others, and what draws it."));
    if (this.app.state.view === "step") this.reset();
  }

  enter() {
    if (!this.app.opened) return;
    if (!this.now && !this.waiting) this.reset();
    else this.draw();
  }

  show(message) {
    if (message.type === "stepped") this.take(message);
    else if (this.waiting && (message.type === "failed" || (message.type === "refused" && message.number === 0))) {
      this.waiting = false;
      this.pause();
      write(this.stale, "This step could not be taken: the message at the top of the page says why. Reset begins the run anew.");
      this.stale.hidden = false;
    } else if (message.type === "state") {
      if (this.app.state.view !== "step") this.pause();
      this.showStale();
    }
  }

  // --- asking

  ask(message) {
    const { changes } = this.app.state;
    this.waiting = this.app.send({ type: "step", changes, run: this.chosenRun(), steps: 1, state: this.state || null, ...message }) !== false;
  }

  chosenRun() {
    const run = Math.round(this.run.valueAsNumber);
    return Number.isFinite(run) ? Math.min(Math.max(run, 0), MOST_RUN) : 0;
  }

  reset() {
    this.pause();
    this.app.clearProblem(); // a rule that failed is tried anew
    this.run.value = this.chosenRun();
    this.builtOf = this.app.state.changes;
    this.ask({ do: "reset" });
  }

  step(steps) {
    if (this.waiting) return;
    if (!this.now) this.builtOf = this.app.state.changes;
    this.ask({ do: "step", steps });
  }

  toggle() {
    if (this.playing) { this.pause(); return; }
    this.playing = true;
    this.nameTheButton();
    if (this.now && !this.now.running) this.reset();
    this.playing = true;
    this.nameTheButton();
    if (!this.waiting) this.step(1);
  }

  pause() {
    window.clearTimeout(this.timer);
    this.playing = false;
    this.nameTheButton();
  }

  nameTheButton() {
    write(this.play, this.playing ? "❚❚ Pause" : "▶ Play");
  }

  // --- answers

  take(message) {
    this.waiting = false;
    this.now = message;
    if (message.path.length && message.step - message.path.length < 0) this.path = [];
    this.path.push(...message.path);
    this.draw();
    if (!message.running) {
      if (this.playing) this.app.announce(`The run is over: ${this.app.monthName(message.month)}.`);
      this.pause();
    }
    if (this.playing) this.timer = window.setTimeout(() => this.step(1), 1000 / Number(this.speed.value));
  }

  draw() {
    const { now } = this;
    if (!now) return;
    write(this.month, this.app.monthName(now.month));
    this.progress.max = now.steps;
    this.progress.value = now.step;
    write(this.count, `step ${now.step} of ${now.steps}, run ${now.run}`);
    for (const one of [this.one, this.year]) one.disabled = !now.running;
    write(this.agent, `Standing: mean cooperation with all others. Every state decides by ${now.agent === "StateAgent" ? "the standard rule" : `the class ${now.agent}`}.`);
    this.showStale();
    this.drawHappened();
    this.drawNetwork();
    this.drawLines();
    this.drawStates();
    if (now.state) this.inspect(now.state);
  }

  showStale() {
    write(this.stale, STALE);
    this.stale.hidden = !this.now || alike(this.builtOf, this.app.state.changes);
  }

  drawHappened() {
    const rows = this.path.flatMap(({ during, happened }) => happened.map((label) => ({ during, label }))).reverse();
    const last = this.path.at(-1)?.during;
    this.nothing.hidden = rows.length > 0;
    this.happened.replaceChildren(...rows.map(({ during, label }) =>
      element("li", { class: during === last ? "fresh" : false }, element("span", { class: "note" }, this.app.monthName(during)), ` ${label}`)));
  }

  drawNetwork() {
    const spec = this.app.opened?.charts.network;
    if (!spec || !this.now || this.app.state.view !== "step") return;
    this.map ??= this.app.chart(this.network, spec, { name: "network-of-the-run" });
    const { levels, openings, nodes } = this.now;
    this.nodes = nodes ?? this.nodes;
    const known = new Set(this.nodes.map((one) => one.state));
    const watched = new Set(this.app.opened.scenario.pairs.filter((one) => one.watched).map((one) => one.pair));
    const ties = Object.entries(levels).map(([pair, level]) => {
      const [first, second] = pair.split("-");
      return { pair, first, second, watched: watched.has(pair), levels: [openings[pair], level], base: openings[pair] };
    }).filter((tie) => known.has(tie.first) && known.has(tie.second));
    const most = Math.max(REACH, ...ties.map((tie) => Math.abs(tie.levels[1] - tie.levels[0])));
    const signals = { months: [this.path[0].month, this.now.month], month: 1, colours: this.colours.value, only: "", subject: this.app.state.pair, reach: Math.ceil(10 * most) / 10 };
    this.map.update({ data: { nodes: this.nodes, ties }, signals });
  }

  drawLines() {
    if (this.app.state.view !== "step") return;
    const pairs = this.app.opened.scenario.pairs.filter((one) => one.watched).slice(0, LINES.length);
    this.curves ??= this.app.chart(this.lines, linesOf(pairs, this.app), { name: "levels-of-the-run" });
    const rows = this.path.flatMap(({ month, levels }) =>
      pairs.map(({ pair, title }) => ({ time: this.app.time(month), pair: title, level: levels[pair] })));
    const levels = rows.map((row) => row.level);
    const low = ROOM * Math.floor(Math.min(0, ...levels) / ROOM), high = ROOM * Math.ceil(Math.max(ROOM, ...levels) / ROOM);
    this.curves.update({ data: { levels: rows }, signals: { low, high } });
  }

  drawStates() {
    for (const { code, name, standing } of this.now.states) {
      if (!this.rows.has(code)) this.makeRow(code, name);
      const row = this.rows.get(code);
      write(row.number, signed(standing));
      row.bar.style.setProperty("--level", Math.min(1, Math.abs(standing) / FULL));
      row.bar.className = standing < 0 ? "down" : "up";
      row.picks.setAttribute("aria-pressed", String(code === this.state));
    }
  }

  makeRow(code, name) {
    const picks = button(name, () => this.look(code), { class: "pair", "aria-pressed": "false" });
    const cell = element("td", { class: "number" }), bar = element("i");
    this.rows.set(code, { picks, number: cell, bar });
    this.states.append(element("tr", {}, element("th", { scope: "row" }, picks), cell,
      element("td", { class: "part-cell", "aria-hidden": "true" }, element("span", { class: "part" }, bar))));
  }

  // --- one state

  look(code) {
    this.state = code;
    if (!this.waiting) this.ask({ do: "look" });
    this.inspector.scrollIntoView({ block: "nearest" });
  }

  inspect({ code, name, rows, numbers }) {
    if (code !== this.state) return;
    const heads = [["State", ""], ["Cooper\u00adation", "of the two now, chance included"], ["Shows it", "its posture"], ["Is shown", "the other's posture"],
      ["Is drawn by", "pull in its last decision, pull units"], ["Heads for", "target of that decision"]];
    const decided = rows.some((row) => row.pull !== null);
    const body = rows.map((row) => element("tr", {}, element("th", { scope: "row" }, row.name),
      ...[row.level, row.posture, row.from, row.pull, row.target].map((value) => element("td", { class: "number" }, signed(value)))));
    this.inspector.replaceChildren(
      element("h3", {}, `${name} in ${this.app.monthName(this.now.month)}`),
      element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `${name} towards the others` }, element("table", {},
        element("thead", {}, element("tr", {}, ...heads.map(([head, about], n) =>
          element("th", { scope: "col", class: n ? "number" : false, title: about || false }, head)))),
        element("tbody", {}, ...body))),
      element("p", { class: "note" }, decided
        ? "Means over the domains, by their weights. Chance adds to cooperation, but not to postures, pulls and targets. Pull and target are those of the last decision, which moved the posture part of the way to the target."
        : "Means over the domains, by their weights. Pulls and targets appear with the first decision."),
      element("h4", {}, "Its own numbers in this month"),
      element("dl", { class: "numbers" }, ...numbers.map(({ label, value, unit }) => element("div", { class: "number-line" },
        element("dt", {}, label), element("dd", {}, `${number(value)}${unit ? ` ${unit}` : ""}`)))));
  }
}

function linesOf(pairs, app) {
  const { months } = app;
  const spans = [app.time(months[0]), app.time(months.at(-1))];
  const names = pairs.map((one) => one.title);
  const legend = { columns: 2, symbolType: "stroke", symbolSize: 400, labelLimit: 240 };
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    config: app.opened.charts.fan?.config ?? {},
    description: "Cooperation of the watched pairs in this run, so far.",
    width: "container", height: 190,
    params: [{ name: "low", value: -ROOM }, { name: "high", value: ROOM }],
    data: { name: "levels" },
    datasets: { levels: [] },
    mark: { type: "line", strokeWidth: 1.8 },
    encoding: {
      x: { field: "time", type: "temporal", title: null, scale: { domain: spans }, axis: { format: "%Y", tickCount: { interval: "year", step: 2 } } },
      y: { field: "level", type: "quantitative", title: "cooperation, this run", scale: { domainMin: { expr: "low" }, domainMax: { expr: "high" }, nice: false, zero: false },
        axis: { tickCount: 5, labelExpr: "abs(datum.value) < 1e-9 ? '0' : format(datum.value, '+.2~f')" } },
      color: { field: "pair", type: "nominal", scale: { domain: names, range: LINES.slice(0, names.length) }, legend },
      strokeDash: { field: "pair", type: "nominal", scale: { domain: names, range: DASHES.slice(0, names.length) }, legend },
    },
  };
}
