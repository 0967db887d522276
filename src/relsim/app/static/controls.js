// The left side: a slider for each number, switches of levers, a search, and what has been changed.

import { element } from "./elements.js";
import { amount, number, written } from "./words.js";

const MOST_FOUND = 30;
const PAUSE = 600; // milliseconds without a key after which a change is settled
const GAINS = "gains", GAINS_TITLE = "Gains";
const GROUPS = {
  ties: "ties", issues: "issues", capacity: "capacity", traits: "traits", gains: "Gains", parameters: "Parameters",
  context: "Surroundings", domains: "Domains", opening: "Opening levels", events: "Events",
};
// What numbers that have no slider are called, and the parts of an event.
const NAMES = new Map(Object.entries({
  half_life: "half-life", history_half_life: "half-life of history", lasting: "share that stays for good", at_most: "most times",
  when: "condition", every: "repeated every", label: "name", about: "description",
}));
const HINT = "Point at a number, or move to it with the keyboard, and this line says what it is.";

let count = 0; // for ids

export function controls(place, app) {
  const at = (id) => place.querySelector(`#${id}`);
  const groups = at("groups"), found = at("found"), find = at("find"), hint = at("hint");
  let byPath = new Map(); // all numbers that can be moved
  let rows = new Map(); // path → the rows on the page that move it
  let levers = new Map(); // path → switches
  let built = ""; // what the rows were made of
  let refused = new Map(); // path → the loader's words

  function change(path, value, dragging) {
    const changes = { ...app.state.changes };
    const control = byPath.get(path);
    const own = control && !control.uncertain && value === control.value;
    if (value === undefined || own) delete changes[path];
    else changes[path] = value;
    refused.delete(path);
    if (dragging) app.drag({ changes });
    else app.set({ changes });
  }

  // --- one number

  function row(control) {
    const id = `number-${(count += 1)}`;
    const { path, low, high, step, uncertain } = control;
    const label = element("label", { for: `${id}-slider` }, control.label);
    const slider = element("input", { id: `${id}-slider`, type: "range", min: low, max: high, step, "aria-describedby": `${id}-about ${id}-problem` });
    const typed = element("input", {
      id: `${id}-typed`, type: "number", step, inputmode: "decimal", "aria-label": `${control.label}, as a number`,
      "aria-describedby": `${id}-about ${id}-problem`,
    });
    const reset = element("button", { type: "button", class: "reset", title: "Back to the scenario's value", "aria-label": `Reset ${control.label} to ${number(control.value)}` }, "↺");
    const about = element("span", { id: `${id}-about`, class: "unseen" }, aboutOf(control));
    const problem = element("p", { id: `${id}-problem`, class: "problem", role: "alert", hidden: true });
    const track = element("span", { class: "track" });
    if (uncertain) track.append(band("uncertain", shareOf(uncertain.low, control), shareOf(uncertain.high, control)));
    track.append(mark(shareOf(control.value, control)), slider);
    const made = element("div", { class: "control", "data-path": path },
      element("div", { class: "name" }, label, reset), element("div", { class: "value" }, track, typed), problem, about);
    slider.addEventListener("input", () => {
      typed.value = slider.value;
      change(path, slider.valueAsNumber, true);
    });
    // Keys that follow each other are one entry of undo, as a drag is.
    let keys = false, pause = null;
    function settle() {
      window.clearTimeout(pause);
      pause = null;
      change(path, slider.valueAsNumber, false);
    }
    slider.addEventListener("keydown", () => { keys = true; });
    slider.addEventListener("pointerdown", () => { keys = false; });
    slider.addEventListener("change", () => {
      if (!keys) return settle();
      window.clearTimeout(pause);
      pause = window.setTimeout(settle, PAUSE);
    });
    slider.addEventListener("blur", () => { if (pause) settle(); });
    typed.addEventListener("change", () => {
      if (Number.isFinite(typed.valueAsNumber)) change(path, typed.valueAsNumber, false);
      else show();
    });
    reset.addEventListener("click", () => {
      change(path, undefined, false);
      slider.focus();
    });
    for (const event of ["pointerenter", "focusin"]) made.addEventListener(event, () => { hint.textContent = aboutOf(control); });
    function show() {
      const changed = path in app.state.changes;
      const value = changed ? amount(app.state.changes[path], control.unit) : control.value;
      // A distribution, of a result with such a change, has no place on the slider.
      const shown = typeof value === "number" ? value : control.value;
      const short = Number(shown.toPrecision(changed ? 10 : 4)); // 0.3, not 0.30000000000000004
      if (slider.valueAsNumber !== short) slider.value = short;
      if (typed.valueAsNumber !== short) typed.value = short;
      made.classList.toggle("changed", changed);
      made.classList.toggle("drawn", Boolean(uncertain) && !changed);
      reset.classList.toggle("off", !changed);
      reset.disabled = !changed;
      const text = refused.get(path);
      problem.hidden = !text;
      if (problem.textContent !== (text ?? "")) problem.textContent = text ?? "";
      for (const input of [slider, typed]) input.setAttribute("aria-invalid", String(Boolean(text)));
    }
    rows.set(path, [...(rows.get(path) ?? []), { made, show }]);
    show();
    return made;
  }

  function aboutOf(control) {
    const parts = [control.words ? sentence(control.words) : ""];
    if (control.uncertain) parts.push(`Uncertain: ${number(control.uncertain.low)} to ${number(control.uncertain.high)} (the band), drawn anew in every run; moving the slider fixes it.`);
    const unit = control.unit ? ` ${control.unit}` : "";
    parts.push(`${control.uncertain ? "Middle" : "In the scenario"}: ${number(control.value)}${unit}.`, control.path);
    return parts.filter(Boolean).join(" ");
  }

  // --- levers

  function lever(event) {
    const path = `events.${event.event}.off`;
    const id = `lever-${(count += 1)}`;
    const box = element("input", { id, type: "checkbox", role: "switch" });
    const made = element("div", { class: "lever", "data-path": path }, box, element("label", { for: id }, event.label));
    box.addEventListener("change", () => change(path, !box.checked === event.off ? undefined : !box.checked, false));
    const about = () => { hint.textContent = [event.about, event.note].filter(Boolean).map(sentence).join(" ") || event.label; };
    for (const name of ["pointerenter", "focusin"]) made.addEventListener(name, about);
    levers.set(path, () => {
      box.checked = !(path in app.state.changes ? app.state.changes[path] : event.off);
      made.classList.toggle("changed", path in app.state.changes);
    });
    levers.get(path)();
    return made;
  }

  function showLevers(events) {
    const shown = events.filter((one) => one.off);
    return shown.length ? [group("Levers", ...shown.map(lever))] : [];
  }

  // --- groups

  function group(title, ...children) {
    return element("fieldset", { class: "group" }, element("legend", {}, title), ...children);
  }

  // Leads to a group without the way there.
  function jump(block) {
    const button = element("button", { type: "button" }, block.querySelector("legend").textContent);
    button.addEventListener("click", () => {
      at("scroller").scrollTop = block.offsetTop;
      block.querySelector("input, summary")?.focus({ preventScroll: true });
    });
    return button;
  }

  // Numbers that are not shown unasked are made when somebody asks.
  function more(title, list) {
    if (!list.length) return [];
    const details = element("details", {}, element("summary", {}, `${title} (${list.length})`));
    details.addEventListener("toggle", () => {
      if (details.open && details.children.length === 1) details.append(...list.map(row));
    });
    return [details];
  }

  function showGroups(opened) {
    const name = new Map(opened.scenario.states.map((one) => [one.code, one.name]));
    const main = opened.controls.filter((one) => one.main);
    const codes = [...new Set(main.filter((one) => one.group !== GAINS).map((one) => one.state))];
    const blocks = codes.map((code) => {
      const here = opened.controls.filter((one) => one.state === code && one.group !== GAINS);
      return group(name.get(code) ?? "The world",
        ...here.filter((one) => one.main).map(row), ...more("More numbers", here.filter((one) => !one.main)));
    });
    const gains = opened.controls.filter((one) => one.group === GAINS);
    if (gains.length) {
      blocks.push(group(GAINS_TITLE, ...gains.filter((one) => one.main).map(row), ...more("More gains", gains.filter((one) => !one.main))));
    }
    const rest = opened.controls.filter((one) => one.group !== GAINS && !codes.includes(one.state));
    const kinds = [...new Set(rest.map((one) => (one.state ? name.get(one.state) ?? one.state : GROUPS[one.group] ?? one.group)))];
    const other = kinds.flatMap((kind) => more(kind, rest.filter((one) => (one.state ? name.get(one.state) ?? one.state : GROUPS[one.group] ?? one.group) === kind)));
    if (other.length) blocks.push(group("All other numbers", ...other));
    const levers = showLevers(opened.events);
    blocks.splice(codes.length, 0, ...levers);
    groups.replaceChildren(...blocks);
    at("jumps").replaceChildren(...blocks.map(jump));
  }

  // --- search

  let texts = []; // what is searched of each number
  function prepare(opened) {
    const name = new Map(opened.scenario.states.map((one) => [one.code, one.name]));
    texts = opened.controls.map((control) => ({
      control,
      text: [control.label, control.path, name.get(control.state) ?? "", GROUPS[control.group] ?? "", control.words ?? ""].join(" ").toLowerCase(),
      short: `${name.get(control.state) ?? ""} ${control.label} ${control.path}`.toLowerCase(),
      owner: name.get(control.state),
    }));
  }

  function search() {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    found.hidden = !words.length;
    groups.hidden = words.length > 0;
    at("jumps").hidden = words.length > 0;
    at("scroller").scrollTop = 0;
    if (!words.length) return at("found-list").replaceChildren();
    const hits = texts.filter(({ text }) => words.every((word) => text.includes(word)));
    // Numbers whose names have the words come before those that are only explained with them.
    const rank = ({ short }) => words.filter((word) => !short.includes(word)).length;
    hits.sort((one, other) => rank(one) - rank(other));
    at("found-says").textContent = !hits.length ? "No number has all of these words. Try fewer, or the name of a state."
      : hits.length > MOST_FOUND ? `${hits.length} numbers; the first ${MOST_FOUND} are shown.` : `${hits.length} ${hits.length === 1 ? "number" : "numbers"}`;
    at("found-list").replaceChildren(...hits.slice(0, MOST_FOUND).map(({ control, owner }) => {
      const made = row(control);
      if (owner) made.querySelector("label").prepend(element("span", { class: "owner" }, `${owner}: `));
      return made;
    }));
  }
  find.addEventListener("input", search);
  find.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    find.value = "";
    search();
  });

  // --- what has been changed

  function describe(path, value) {
    const control = controlOf(path);
    if (control) {
      const owner = control.state ? `${app.stateName(control.state)}: ` : "";
      return [owner + control.label, `${number(control.value)} → ${written(amount(value, control.unit))}`];
    }
    const [section, ...steps] = path.split(".");
    if (section === "events") return describeEvent(steps, value);
    const [first, ...rest] = ["states", "parameters", "context"].includes(section) ? steps : [section, ...steps];
    const owner = app.opened.scenario.states.some((one) => one.code === first) ? `${app.stateName(first)}: ` : "";
    return [owner + inWords(owner ? rest : [first, ...rest]), written(value)];
  }

  // A number may be named in a longer way than its slider does: states.PAK.ties.USA.weight.
  const shortest = (path) => path.replace(/^states\./, "").replace(/\.weight$/, "");
  const controlOf = (path) => byPath.get(path) ?? [...byPath.values()].find((one) => shortest(one.path) === shortest(path));

  function describeEvent([name, part, ...steps], value) {
    const label = app.opened.events.find((one) => one.event === name)?.label ?? value?.label ?? name;
    if (!part) return [label, value === null ? "removed" : "new event"];
    if (part === "off") return [label, value ? "switched off" : "switched on"];
    if (part === "at") return [label, [value ?? []].flat().map(app.monthName).join(", ") || "no date"];
    // A half-life is called after the effect that its size is the size of.
    const sized = part === "effects" && [...byPath.values()].find((one) => one.path.startsWith(`events.${name}.effects.${steps[0]}.`));
    const whole = sized ? sized.label.replace(/^size of the /, "") : "";
    return whole && steps.length === 2 ? [`${inWords(steps.slice(1))} of the ${whole}`, written(value)] : [`${label}: ${inWords([part, ...steps])}`, written(value)];
  }

  // The steps of a path, for want of a name: [ties, USA, half_life] are "ties, United States, half-life".
  const inWords = (steps) => steps.map((step) => NAMES.get(step) ?? app.stateName(step).replaceAll("_", " ")).join(", ");

  let listed = ""; // what the list shows, so that it is not made anew in each frame of a drag
  function showChanged() {
    const changes = Object.entries(app.state.changes);
    const list = at("changed-list");
    const paths = changes.map(([path]) => path).join("\n");
    document.getElementById("drawer-count").textContent = changes.length ? `(${changes.length} changed)` : "";
    if (paths !== listed || !list.children.length) {
      listed = paths;
      list.replaceChildren(...changes.map(([path, value]) => {
        const [label, what] = describe(path, value);
        const reset = element("button", { type: "button", class: "reset", "aria-label": `Reset ${label}`, title: "Back to the scenario's value" }, "↺");
        reset.addEventListener("click", () => {
          change(path, undefined, false);
          (list.querySelector("button") ?? find).focus();
        });
        return element("li", {}, element("span", { class: "label", title: path }, label), element("span", { class: "number" }, what), reset);
      }));
      if (!changes.length) list.append(element("li", { class: "note" }, "Nothing yet. Move a slider or switch a lever."));
    } else {
      changes.forEach(([path, value], n) => { list.children[n].querySelector(".number").textContent = describe(path, value)[1]; });
    }
  }

  function show() {
    for (const [path, list] of rows) {
      const alive = list.filter(({ made }) => made.isConnected);
      if (alive.length < list.length) rows.set(path, alive);
      alive.forEach((one) => one.show());
    }
    levers.forEach((one) => one());
    showChanged();
  }

  return {
    open(opened) {
      // With another base, the numbers are the same: what has the focus keeps it.
      const made = JSON.stringify([opened.scenario.file, opened.controls, opened.events]);
      refused = new Map();
      if (made !== built) {
        byPath = new Map(opened.controls.map((one) => [one.path, one]));
        rows = new Map();
        levers = new Map();
        prepare(opened);
        showGroups(opened);
        search();
        hint.textContent = HINT;
      }
      built = made;
      listed = "";
      show();
    },
    show(message) {
      const mended = message.type === "picture" && refused.size > 0;
      if (mended) refused = new Map();
      if ((mended || ["state", "refused"].includes(message.type)) && app.opened) show();
    },
    // True where a row on the page shows the words.
    refuse({ path, text }) {
      refused.set(path, text);
      return (rows.get(path) ?? []).some(({ made }) => made.isConnected && made.offsetParent !== null);
    },
  };
}

function sentence(text) {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}

function shareOf(value, { low, high }) {
  return Math.min(1, Math.max(0, (value - low) / (high - low)));
}

function band(name, from, to) {
  const made = element("span", { class: name, "aria-hidden": "true" });
  made.style.setProperty("--from", from);
  made.style.setProperty("--to", to);
  return made;
}

function mark(where) {
  const made = element("span", { class: "own", "aria-hidden": "true" });
  made.style.setProperty("--from", where);
  return made;
}
