// The page: what is looked at, what is sent, and who is told of the answers.

import { Charts } from "./charts.js";
import { claims } from "./claims.js";
import { Connection } from "./connection.js";
import { controls } from "./controls.js";
import { events } from "./events.js";
import { files } from "./files.js";
import { futures } from "./futures.js";
import { matrix } from "./matrix.js";
import { network } from "./network.js";
import { State, VIEWS, alike, read, written } from "./state.js";
import { stepping } from "./stepping.js";
import { why } from "./why.js";

const MONTH = new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric" }); // slow to make, quick to use
const MOST_TIMINGS = 2000; // kept for the benchmark

const at = (id) => document.getElementById(id);
const state = new State();
const timings = [];
const sent = new Map(); // number of a change → when it was sent
const systemDark = window.matchMedia("(prefers-color-scheme: dark)");
let theme = localStorage.getItem("relsim-theme") ?? "auto";
let shownNumber = 0; // of the last picture
let shownScenario = null; // scenario, base and seed that the server has open, or was asked to open
let good = null; // the last of these that it could open
let writtenFragment = "";

const isDark = () => theme === "dark" || (theme === "auto" && systemDark.matches);
const charts = new Charts(() => (isDark() ? app.opened?.dark ?? {} : {}));

const app = {
  opened: null,
  picture: null,
  months: [],
  scenarios: [],
  reasons: 0, // number of the picture that the reasons are of
  filesChanged: () => showFiles(),
  get state() { return state.now; },
  set(partial) {
    trouble("");
    state.set(partial);
    follow();
  },
  drag(partial) {
    trouble("");
    state.drag(partial);
    ask();
    told({ type: "state" });
  },
  send: (message) => connection.send(message),
  chart: (place, spec, options) => charts.add(place, spec, options),
  say,
  calm: () => trouble(""),
  time(month) {
    const [year, number] = month.split("-").map(Number);
    return new Date(year, number - 1, 1).getTime();
  },
  monthName: (month) => MONTH.format(app.time(month)),
  title: (pair) => app.opened.scenario.pairs.find((one) => one.pair === pair)?.title ?? pair,
};
window.relsim = { app, timings, charts };

// --- what is told to whom

const side = controls(at("panel"), app);
const disk = files(app);
const lookedAt = { futures: futures(at("view-futures"), app) };
const parts = [claims(at("claims"), app), why(at("why"), app)];
const others = { network, matrix, events, step: stepping };
for (const [name, view] of Object.entries(others)) lookedAt[name] = view(at(`view-${name}`), app);

function told(message) {
  for (const part of [...Object.values(lookedAt), ...parts]) part.show(message);
  side.show(message);
}

function say(text, aloud = true) {
  at("status").textContent = text;
  if (aloud) at("spoken").textContent = text;
}

function trouble(text) {
  at("problem").textContent = text;
  at("problem").hidden = !text;
}

// --- from the page to the server

// After the state has changed for good: the address, the buttons, the server.
function follow() {
  const { scenario, base, seed } = state.now;
  writtenFragment = written(state.now);
  history.replaceState(null, "", `#${writtenFragment}`);
  showTools();
  if (!alike(shownScenario, { scenario, base, seed })) open();
  else ask();
  told({ type: "state" });
  showTab();
}

function open() {
  const { scenario, base, seed } = state.now;
  const onlyBase = shownScenario && app.opened && alike({ ...shownScenario, base }, { scenario, base, seed });
  shownScenario = { scenario, base, seed };
  say("Opening…");
  connection.open(onlyBase ? { type: "base", base } : { type: "open", scenario, base, seed });
}

function ask() {
  const { changes, pair, month, view } = state.now;
  connection.change({ changes, pair, month, view, pulls: view === "network" });
}

const connection = new Connection({
  opened() {
    at("lost").hidden = true;
    trouble("");
    shownScenario = null;
    open();
  },
  lost(milliseconds) {
    at("lost").hidden = false;
    at("lost").textContent = "The connection to relsim is lost. What you see is the last picture. " +
      `Trying again in ${milliseconds < 1000 ? "a moment" : `${Math.round(milliseconds / 1000)} s`}; if relsim app has ended, start it again and open the address that it prints.`;
    say("Not connected");
  },
  sent(number) {
    performance.mark("sent", { detail: number });
    sent.set(number, performance.now());
  },
  message(message) {
    (ANSWERS[message.type] ?? told)(message);
  },
});

window.relsim.connection = connection;

// --- from the server to the page

const ANSWERS = {
  scenarios(message) {
    app.scenarios = message.files;
    app.here = message.here;
    showFiles();
  },
  opened(message) {
    app.opened = message;
    app.months = message.scenario.months;
    const now = state.now;
    const pairs = message.scenario.pairs;
    const known = pairs.some((one) => one.pair === now.pair);
    const first = (pairs.find((one) => one.watched) ?? pairs[0])?.pair ?? null;
    state.fill({
      scenario: message.scenario.file,
      pair: known ? now.pair : first,
      month: app.months.includes(now.month) ? now.month : null,
      // Changes that the app was started with, unless the address has some.
      changes: now.scenario === null && !Object.keys(now.changes).length ? message.changes ?? {} : now.changes,
    });
    good = shownScenario = { scenario: message.scenario.file, base: state.now.base, seed: state.now.seed };
    showFiles();
    showTitle();
    for (const part of [...Object.values(lookedAt), ...parts, side]) part.open(message);
    follow();
  },
  picture(message) {
    const received = performance.now();
    if (message.number < shownNumber || (message.number < connection.number && message.number === shownNumber)) return;
    shownNumber = message.number;
    app.picture = message;
    const drawn = [...Object.values(lookedAt), ...parts, side].map((part) => part.show(message));
    showTitle();
    showStatus(message);
    Promise.all(drawn).then(() => finished(message, received));
  },
  refused(message) {
    if (message.number && message.number < connection.number) return;
    const words = message.problems.map((one) => (one.path ? `${one.path}: ${one.text}` : one.text)).join(" ");
    if (message.to === "keep" && disk.refused(words)) return;
    if (["open", "base"].includes(message.to)) return stay(words);
    const loose = message.problems.filter((one) => !side.refuse(one));
    trouble(loose.map((one) => (one.path ? `${one.path}: ${one.text}` : one.text)).join(" "));
    say(app.picture ? "Refused: the picture is the last good one." : "Refused.");
    told(message);
  },
  failed(message) {
    trouble(message.text);
    say("Something went wrong; the picture is the last good one.");
    told(message);
  },
  kept: (message) => disk.kept(message),
  exists: (message) => disk.exists(message),
  copied: (message) => disk.copied(message),
};

// What could not be opened leaves the page where it was, or where the app was started.
function stay(words) {
  trouble(words);
  if (good) {
    connection.held = false;
    shownScenario = good;
    if (!state.step(state.before, [])) state.fill(good);
    showFiles();
    follow();
  } else if (state.now.scenario !== null) {
    state.fill({ scenario: null, base: null, changes: {}, pair: null, month: null, seed: null });
    open();
  }
  say("That could not be opened.");
}

function finished(message, received) {
  const drawn = performance.now();
  performance.mark("drawn", { detail: message.number });
  const { number, runs } = message;
  timings.push({ number, runs, sent: sent.get(number) ?? received, received, drawn });
  if (timings.length > MOST_TIMINGS) timings.shift();
  if (number % MOST_TIMINGS === 0) performance.clearMarks(); // which would pile up
  for (const old of sent.keys()) if (old < number) sent.delete(old);
  Object.assign(document.documentElement.dataset, { ready: runs, number });
}

// --- what stands at the head

function showStatus({ runs, last, seconds, same }) {
  const most = app.opened.scenario.stages.at(-1);
  const many = runs.toLocaleString("en");
  const what = same ? "runs, same as the base" : "paired runs";
  if (last) say(`${many} ${what}, ${seconds.toFixed(seconds < 10 ? 1 : 0)} s`);
  else say(`${many} of ${most.toLocaleString("en")} runs…`, false);
}

function showTitle() {
  const { scenario } = app.opened;
  at("title").textContent = scenario.name;
  at("about").textContent = scenario.about ?? "";
  document.title = `${scenario.name} – relsim`;
}

function showFiles() {
  if (!app.opened) return;
  const { scenario, base } = app.opened;
  const files = app.scenarios.map((one) => [one.file, one.name]);
  if (!files.some(([file]) => file === scenario.file)) files.unshift([scenario.file, scenario.name]);
  choices(at("scenario"), files, scenario.file);
  const many = Object.keys(base.changes).length, frozen = many > 0;
  const bases = [["", "its file, unchanged"]];
  if (frozen) bases.push(["frozen", `frozen, with ${many} change${many > 1 ? "s" : ""}: ${base.title}`]);
  for (const [file, name] of files) if (file !== scenario.file) bases.push([file, name]);
  choices(at("base"), bases, frozen ? "frozen" : base.scenario === scenario.file ? "" : base.scenario);
}

function choices(select, options, chosen) {
  select.replaceChildren(...options.map(([value, text]) => new Option(text, value, false, value === chosen)));
  select.value = chosen;
  select.title = select.selectedOptions[0]?.textContent ?? "";
}

function showTools() {
  at("undo").disabled = !state.before.length;
  at("redo").disabled = !state.after.length;
  const changed = Object.keys(state.now.changes).length;
  at("reset").disabled = !changed;
  for (const id of ["keep", "freeze"]) at(id).disabled = !changed;
}

function showTab() {
  const { view } = state.now;
  for (const name of VIEWS) {
    const tab = at(`tab-${name}`), chosen = name === view;
    const comes = chosen && at(`view-${name}`).hidden;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    at(`view-${name}`).hidden = !chosen;
    if (!comes) continue;
    window.dispatchEvent(new Event("resize")); // charts made while they were hidden take their width
    lookedAt[name].enter?.();
  }
}

function move(back) {
  trouble("");
  if (state.now !== state.settled) state.set({}); // what is being moved is undone first
  if (back ? state.undo() : state.redo()) follow();
}

at("undo").addEventListener("click", () => move(true));
at("redo").addEventListener("click", () => move(false));
at("reset").addEventListener("click", () => app.set({ changes: {} }));
at("freeze").addEventListener("click", () =>
  app.set({ base: { scenario: state.now.scenario, changes: { ...state.now.changes } } }));
at("scenario").addEventListener("change", (event) =>
  app.set({ scenario: event.target.value, base: null, changes: {}, pair: null, month: null }));
at("base").addEventListener("change", ({ target }) => {
  if (target.value !== "frozen") app.set({ base: target.value ? { scenario: target.value, changes: {} } : null });
});

for (const name of VIEWS) at(`tab-${name}`).addEventListener("click", () => app.set({ view: name }));
document.querySelector("[role='tablist']").addEventListener("keydown", (event) => {
  const here = VIEWS.indexOf(state.now.view);
  const to = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: VIEWS.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  app.set({ view: VIEWS.at(to % VIEWS.length) });
  at(`tab-${state.now.view}`).focus();
});

// A text that is being written has an undo of its own.
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
  const key = event.key.toLowerCase();
  if (!["z", "y"].includes(key) || event.target.matches("textarea, input[type='search'], input:not([type])")) return;
  if (document.querySelector("dialog[open]")) return;
  event.preventDefault();
  move(key === "z" && !event.shiftKey);
});

window.addEventListener("hashchange", () => {
  const fragment = window.location.hash.replace(/^#/, "");
  if (fragment === writtenFragment) return;
  const wanted = read(fragment);
  app.set({ ...wanted, scenario: wanted.scenario ?? state.now.scenario });
});

// --- theme, drawer

function showTheme() {
  document.documentElement.dataset.theme = theme;
  at("theme").value = theme;
  charts.retheme();
}

at("theme").addEventListener("change", (event) => {
  theme = event.target.value;
  localStorage.setItem("relsim-theme", theme);
  showTheme();
});
systemDark.addEventListener("change", showTheme);
at("drawer").addEventListener("click", () => {
  const open = at("side").classList.toggle("open");
  at("drawer").setAttribute("aria-expanded", String(open));
});
new ResizeObserver(() => document.documentElement.style.setProperty("--head", `${at("head").offsetHeight}px`)).observe(at("head"));

state.fill(read(window.location.hash));
showTheme();
showTab();
showTools();
