// One number that can be moved: a slider, a field to type in, and the way back to the scenario's value.

import { element } from "./elements.js";
import { amount, number, sentence } from "./words.js";

const PAUSE = 600; // milliseconds without a key after which a change is settled

let count = 0; // for ids

export class NumberRow {
  // `panel` has what is changed, makes changes, and shows in its last line what a number is.
  constructor(panel, control) {
    this.panel = panel;
    this.control = control;
    this.keys = false; // whether the slider is moved by keys
    this.pause = null; // until they are settled
    const id = `number-${(count += 1)}`;
    const { path, label, low, high, step, uncertain } = control;
    const described = { "aria-describedby": `${id}-about ${id}-problem` };
    this.slider = element("input", { id: `${id}-slider`, type: "range", min: low, max: high, step, ...described });
    this.typed = element("input", { id: `${id}-typed`, type: "number", step, inputmode: "decimal", "aria-label": `${label}, as a number`, ...described });
    this.reset = element("button", { type: "button", class: "reset", title: "Back to the scenario's value", "aria-label": `Reset ${label} to ${number(control.value)}` }, "↺");
    this.problem = element("p", { id: `${id}-problem`, class: "problem", role: "alert", hidden: true });
    const track = element("span", { class: "track" });
    if (uncertain) track.append(band(shareOf(uncertain.low, control), shareOf(uncertain.high, control)));
    track.append(mark(shareOf(control.value, control)), this.slider);
    this.made = element("div", { class: "control", "data-path": path },
      element("div", { class: "name" }, element("label", { for: `${id}-slider` }, label), this.reset),
      element("div", { class: "value" }, track, this.typed), this.problem, element("span", { id: `${id}-about`, class: "unseen" }, aboutOf(control)));
    this.listen();
    this.show();
  }

  listen() {
    const { slider, typed } = this;
    slider.addEventListener("input", () => {
      typed.value = slider.value;
      this.panel.change(this.control.path, slider.valueAsNumber, true);
    });
    // Keys that follow each other are one entry of undo, as a drag is.
    slider.addEventListener("keydown", () => { this.keys = true; });
    slider.addEventListener("pointerdown", () => { this.keys = false; });
    slider.addEventListener("change", () => {
      if (!this.keys) return this.settle();
      window.clearTimeout(this.pause);
      this.pause = window.setTimeout(() => this.settle(), PAUSE);
    });
    slider.addEventListener("blur", () => { if (this.pause) this.settle(); });
    typed.addEventListener("change", () => {
      if (Number.isFinite(typed.valueAsNumber)) this.panel.change(this.control.path, typed.valueAsNumber);
      else this.show();
    });
    this.reset.addEventListener("click", () => {
      this.panel.change(this.control.path, undefined);
      slider.focus();
    });
    for (const event of ["pointerenter", "focusin"]) this.made.addEventListener(event, () => this.panel.explain(aboutOf(this.control)));
  }

  settle() {
    window.clearTimeout(this.pause);
    this.pause = null;
    this.panel.change(this.control.path, this.slider.valueAsNumber);
  }

  show() {
    const { control, slider, typed, reset, problem } = this, { changes } = this.panel;
    const changed = control.path in changes;
    const value = changed ? amount(changes[control.path], control.unit) : control.value;
    // A distribution, of a result with such a change, has no place on the slider.
    const shown = typeof value === "number" ? value : control.value;
    const short = Number(shown.toPrecision(changed ? 10 : 4)); // 0.3, not 0.30000000000000004
    if (slider.valueAsNumber !== short) slider.value = short;
    if (typed.valueAsNumber !== short) typed.value = short;
    this.made.classList.toggle("changed", changed);
    this.made.classList.toggle("drawn", Boolean(control.uncertain) && !changed);
    reset.classList.toggle("off", !changed);
    reset.disabled = !changed;
    const text = this.panel.refused.get(control.path) ?? "";
    problem.hidden = !text;
    if (problem.textContent !== text) problem.textContent = text;
    for (const input of [slider, typed]) input.setAttribute("aria-invalid", String(Boolean(text)));
  }
}

function aboutOf({ words, uncertain, unit, value, path }) {
  const parts = [words ? sentence(words) : ""];
  if (uncertain) parts.push(`Uncertain: ${number(uncertain.low)} to ${number(uncertain.high)} (the band), drawn anew in every run; moving the slider fixes it.`);
  parts.push(`${uncertain ? "Middle" : "In the scenario"}: ${number(value)}${unit ? ` ${unit}` : ""}.`, path);
  return parts.filter(Boolean).join(" ");
}

function shareOf(value, { low, high }) {
  return Math.min(1, Math.max(0, (value - low) / (high - low)));
}

// What a number may be, where the scenario is uncertain of it.
function band(from, to) {
  const made = element("span", { class: "uncertain", "aria-hidden": "true" });
  made.style.setProperty("--from", from);
  made.style.setProperty("--to", to);
  return made;
}

// The scenario's own value.
function mark(where) {
  const made = element("span", { class: "own", "aria-hidden": "true" });
  made.style.setProperty("--from", where);
  return made;
}
