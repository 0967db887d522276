"use strict";
// Sliders over the simulated points of a grid. A slider counts levels: at a whole number it stands on
// simulated points, in between the measures are mixed linearly from those around it.
const grid = JSON.parse(document.getElementById("sweep-grid").textContent);
const sliders = [...document.querySelectorAll("[data-parameter]")];
const MINUS = "\u2212";

function written(value, digits) {
  return value.toFixed(digits).replace(/^-(0(?:\.0*)?)$/, "$1").replace("-", MINUS);
}

// The value of a parameter where its slider stands at a number of levels.
function valueAt(levels, position) {
  const below = Math.min(Math.floor(position), levels.length - 2);
  return levels[below] + (position - below) * (levels[below + 1] - levels[below]);
}

// Where a slider stands at a value of its parameter; NaN outside of the range.
function positionOf(levels, value) {
  if (value === null || value < levels[0] || value > levels[levels.length - 1]) return NaN;
  const above = Math.max(1, levels.findIndex((level) => level >= value));
  return above - 1 + (value - levels[above - 1]) / (levels[above] - levels[above - 1]);
}

// The simulated points around some positions, as places in the tables, with their weights.
function pointsAround(positions) {
  let points = [{ place: 0, weight: 1 }];
  positions.forEach((position, k) => {
    const size = grid.parameters[k].levels.length;
    const below = Math.min(Math.floor(position), size - 2);
    const sides = [
      { level: below, weight: below + 1 - position },
      { level: below + 1, weight: position - below },
    ].filter((side) => side.weight > 0);
    points = points.flatMap(({ place, weight }) =>
      sides.map((side) => ({ place: place * size + side.level, weight: weight * side.weight })));
  });
  return points;
}

// The mean of a table over some points; NaN where one of them has no value.
function mixed(table, points) {
  return points.reduce((sum, { place, weight }) =>
    sum + (table[place] === null ? NaN : weight * table[place]), 0);
}

function estimate(measure, positions) {
  const points = positions.every((position) => position >= 0) ? pointsAround(positions) : [];
  const values = ["mean", "low", "high"].map((name) =>
    points.length ? mixed(measure[name], points) : NaN);
  return { value: values[0], low: values[1], high: values[2] };
}

function inWords({ value, low, high }, digits) {
  if (Number.isNaN(value)) return "no value";
  const interval = Number.isNaN(low) ? "" : `\n(${written(low, digits)} to ${written(high, digits)})`;
  return written(value, digits) + interval;
}

// Digits that show a hundredth of what a measure spans over the grid.
function digitsOf(measure) {
  const means = measure.mean.filter((value) => value !== null);
  const span = Math.max(...means) - Math.min(...means);
  return span > 0 ? Math.min(6, Math.max(2, 2 - Math.floor(Math.log10(span)))) : 3;
}

let marked = []; // the charts that can show where the sliders are

const ownPositions = grid.parameters.map(({ levels, own }) => positionOf(levels, own));
const ownKnown = ownPositions.every((position) => position >= 0);

function showPoint() {
  const positions = sliders.map((slider) => slider.valueAsNumber);
  const simulated = positions.every(Number.isInteger);
  const places = grid.parameters.map(({ levels, unit, digits }, k) => {
    const at = valueAt(levels, positions[k]);
    const text = `${written(at, digits)} ${unit}`.trim();
    sliders[k].setAttribute("aria-valuetext",
      `${text}, ${Number.isInteger(positions[k]) ? "a simulated value" : "between simulated values"}`);
    sliders[k].labels[0].querySelector("output").textContent = text;
    return { at, from: levels[Math.floor(positions[k])], to: levels[Math.ceil(positions[k])] };
  });
  document.getElementById("sweep-where").textContent = simulated
    ? "This is a simulated point."
    : "This is between simulated points: means and intervals are interpolated from those around it.";
  grid.measures.forEach((measure, n) => {
    const [here, own, apart] = document.querySelectorAll(`[data-measure="${n}"] td.number`);
    const digits = digitsOf(measure);
    const now = estimate(measure, positions), base = estimate(measure, ownPositions);
    here.textContent = inWords(now, digits);
    own.textContent = ownKnown ? inWords(base, digits) : "outside of the grid";
    const change = now.value - base.value;
    const sign = Number(change.toFixed(digits)) > 0 ? "+" : "";
    apart.textContent = Number.isNaN(change) ? "\u2013" : sign + written(change, digits);
  });
  for (const view of marked) view.signal("place", places).runAsync();
}

function standAtOwnValues() {
  sliders.forEach((slider, k) => {
    const middle = (grid.parameters[k].levels.length - 1) / 2;
    slider.step = "any"; // the scenario's own value lies where it lies
    slider.value = ownPositions[k] >= 0 ? ownPositions[k] : middle;
  });
  showPoint();
}

for (const slider of sliders) {
  const step = 1 / Number(slider.dataset.parts);
  slider.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 5, PageDown: -5 }[event.key];
    if (!steps) return; // Home and End do as they always do
    event.preventDefault();
    // To the next line of the raster, which all simulated values lie on.
    const line = slider.valueAsNumber / step;
    const next = steps > 0 ? Math.floor(line + 1e-9) + steps : Math.ceil(line - 1e-9) + steps;
    slider.value = Math.round(next) / Number(slider.dataset.parts);
    showPoint();
  });
  slider.addEventListener("input", () => {
    const near = Math.round(slider.valueAsNumber);
    if (Math.abs(slider.valueAsNumber - near) < 0.3 * step) slider.value = near; // on the point
    showPoint();
  });
}
const toOwn = document.getElementById("sweep-own");
toOwn.disabled = !ownKnown;
toOwn.addEventListener("click", standAtOwnValues);
standAtOwnValues();
whenShown.then(() => {
  marked = [...views.values()].filter((view) => "place" in view.getState().signals);
  showPoint();
});
