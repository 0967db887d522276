// The page: its state, what it sends to the server, and which part gets which answer.

import { Charts } from "./charts.js";
import { Claims } from "./claims.js";
import { Connection } from "./connection.js";
import { Controls } from "./controls.js";
import { Events } from "./events.js";
import { Files } from "./files.js";
import { Futures } from "./futures.js";
import { Head } from "./head.js";
import { Matrix } from "./matrix.js";
import { Network } from "./network.js";
import { State, VIEWS, alike, fromFragment, toFragment } from "./state.js";
import { Stepping } from "./stepping.js";
import { Theme } from "./theme.js";
import { Why } from "./why.js";

const MONTH = new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric" }); // slow to make, quick to use
const MOST_TIMINGS = 2000; // kept for the benchmark
// What could not be done, where the server refuses anything but a change of assumptions.
const NOT_DONE = {
  step: "This step could not be taken", copy: "The command and the Python could not be written", keep: "The variant could not be kept",
};

const byId = (id) => document.getElementById(id);
const state = new State();
const timings = [];
const times = new Map(); // month → milliseconds: asked for in each picture, many times over
const sent = new Map(); // number of a change → when it was sent
const theme = new Theme(byId("theme"), () => charts.retheme());
const charts = new Charts(() => (theme.isDark ? app.opened?.dark ?? {} : {}));
let shownNumber = 0; // of the last picture
let requested = null; // scenario, base and seed that the server has open, or was asked to open
let lastOpened = null; // the last of these that it could open
let ownFragment = ""; // of the address, as the page has set it

const app = {
  opened: null,
  picture: null,
  months: [],
  scenarios: [],
  reasons: 0, // number of the picture that the reasons are of
  get state() { return state.now; },
  get canUndo() { return state.before.length > 0; },
  get canRedo() { return state.after.length > 0; },
  set(partial) {
    showProblem("");
    state.set(partial);
    stateChanged();
  },
  drag(partial) {
    showProblem("");
    state.drag(partial);
    sendChange();
    notify({ type: "state" });
  },
  undo: () => step(() => state.undo()),
  redo: () => step(() => state.redo()),
  // Makes a pair the subject of all views.
  pick(pair) {
    if (!pair || pair === state.now.pair) return;
    app.set({ pair });
    announce(`${app.title(pair)} is now the chosen pair.`);
  },
  send: (message) => connection.send(message),
  chart: (place, spec, options) => charts.add(place, spec, options),
  announce,
  clearProblem: () => showProblem(""),
  filesChanged: () => header.showFiles(),
  time(month) {
    if (!times.has(month)) {
      const [year, number] = month.split("-").map(Number);
      times.set(month, new Date(year, number - 1, 1).getTime());
    }
    return times.get(month);
  },
  // In words; what is no month, as in a mangled address, as it is.
  monthName: (month) => (/^\d{4}-(0[1-9]|1[0-2])$/.test(month) ? MONTH.format(app.time(month)) : String(month)),
  stateName: (code) => app.opened.scenario.states.find((one) => one.code === code)?.name || code,
  // PAK>RUS.economic: Pakistan towards Russia (economic).
  tieName(tie) {
    const [, first, sign, second, domain] = /^([^->.]+)([->])([^->.]+)(?:\.(.+))?$/.exec(tie) ?? [];
    if (!first) return tie;
    return `${app.stateName(first)}${sign === ">" ? " towards " : " – "}${app.stateName(second)}${domain ? ` (${domain})` : ""}`;
  },
  title: (pair) => app.opened.scenario.pairs.find((one) => one.pair === pair)?.title ?? pair,
};
window.relsim = { app, timings, charts };

// --- the parts of the page

const header = new Head(app);
const panel = new Controls(byId("panel"), app);
const dialogs = new Files(app);
const views = {
  futures: new Futures(byId("view-futures"), app),
  network: new Network(byId("view-network"), app),
  matrix: new Matrix(byId("view-matrix"), app),
  events: new Events(byId("view-events"), app),
  step: new Stepping(byId("view-step"), app),
};
const inWords = [new Claims(byId("claims")), new Why(byId("why"), app), panel, header];
const parts = [...Object.values(views), ...inWords];

// Shows a message in every part; what it returns are promises where drawing takes longer.
function notify(message) {
  return parts.map((part) => part.show(message));
}

function announce(text, aloud = true) {
  byId("status").textContent = text;
  if (aloud) byId("spoken").textContent = text;
}

function showProblem(text) {
  byId("problem").textContent = text;
  byId("problem").hidden = !text;
}

// --- from the page to the server

// After the state has changed for good: the address, the server, the parts.
function stateChanged() {
  const { scenario, base, seed } = state.now;
  ownFragment = toFragment(state.now);
  history.replaceState(null, "", `#${ownFragment}`);
  if (!alike(requested, { scenario, base, seed })) open();
  else sendChange();
  notify({ type: "state" });
  showTab();
}

function open() {
  const { scenario, base, seed } = state.now;
  const onlyBase = requested && app.opened && alike({ ...requested, base }, { scenario, base, seed });
  requested = { scenario, base, seed };
  announce("Opening…");
  connection.open(onlyBase ? { type: "base", base } : { type: "open", scenario, base, seed });
}

function sendChange() {
  const { changes, pair, month, view } = state.now;
  connection.change({ changes, pair, month, view, pulls: view === "network" });
}

const connection = new Connection({
  opened() {
    byId("lost").hidden = true;
    showProblem("");
    requested = null;
    open();
  },
  lost(milliseconds) {
    byId("lost").hidden = false;
    byId("lost").textContent = "The connection to relsim is lost. What you see is the last picture. " +
      `Trying again in ${milliseconds < 1000 ? "a moment" : `${Math.round(milliseconds / 1000)} s`}; if relsim app has ended, start it again and open the address that it prints.`;
    announce("Not connected");
    dialogs.lost();
  },
  sent(number) {
    performance.mark("sent", { detail: number });
    sent.set(number, performance.now());
  },
  message(message) {
    (ANSWERS[message.type] ?? notify)(message);
  },
});

window.relsim.connection = connection;

// --- from the server to the page

const ANSWERS = {
  scenarios(message) {
    app.scenarios = message.files;
    app.here = message.here;
    header.showFiles();
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
      // That of a result; null stands for the scenario's own.
      seed: message.scenario.seed === message.scenario.own_seed ? null : message.scenario.seed,
      // Changes that the app was started with, unless the address has some.
      changes: now.scenario === null && !Object.keys(now.changes).length ? message.changes ?? {} : now.changes,
    });
    lastOpened = requested = { scenario: message.scenario.file, base: state.now.base, seed: state.now.seed };
    for (const part of parts) part.open(message);
    stateChanged();
  },
  picture(message) {
    const received = performance.now();
    if (message.number < shownNumber || (message.number < connection.number && message.number === shownNumber)) return;
    shownNumber = message.number;
    app.picture = message;
    Promise.all(Object.values(views).map((view) => view.show(message))).then(() => pictureDrawn(message, received));
  },
  refused(message) {
    if (message.number && message.number < connection.number) return;
    const words = textOf(message.problems);
    if (message.to === "keep" && dialogs.refused(words)) return;
    if (["open", "base"].includes(message.to)) return openingFailed(words);
    if (message.to in NOT_DONE) showNotDone(NOT_DONE[message.to], words);
    else showRefusal(message);
    notify(message);
  },
  failed(message) {
    if (message.to === "keep" && dialogs.refused(message.text)) return;
    if (["open", "base"].includes(message.to)) return openingFailed(message.text);
    showProblem(message.text);
    announce("Something went wrong; the picture is the last good one.");
    notify(message);
  },
  kept: (message) => dialogs.kept(message),
  exists: (message) => dialogs.exists(message),
  copied: (message) => dialogs.copied(message),
};

function showNotDone(what, why) {
  showProblem(`${what}: ${why}`);
  announce(`${what}.`);
}

// A change of assumptions that the scenario does not take, at its control where that can be seen.
function showRefusal({ problems }) {
  showProblem(textOf(problems.filter((one) => !panel.refuse(one))));
  announce(app.picture ? "Change refused; the picture stays." : "Change refused.");
}

const textOf = (problems) => problems.map(({ path, text }) => (path ? `${path}: ${text}` : text)).join(" ");

// Leaves the page where it was, or where the app was started.
function openingFailed(words) {
  showProblem(words);
  const { scenario, base, seed } = state.now;
  if (opensLast()) {
    requested = null; // after a lost connection: what was open is asked for again with the next change
  } else if (lastOpened) {
    connection.held = false;
    requested = lastOpened;
    while (!opensLast() && state.takeBack());
    if (!opensLast()) state.fill(lastOpened);
    header.showFiles();
    stateChanged();
  } else if (scenario !== null || base !== null || seed !== null) {
    state.fill({ scenario: null, base: null, changes: {}, pair: null, month: null, seed: null });
    open();
  }
  announce("That could not be opened.");
}

function opensLast() {
  const { scenario, base, seed } = state.now;
  return alike(lastOpened, { scenario, base, seed });
}

function pictureDrawn(message, received) {
  const drawn = performance.now();
  const { number, runs } = message;
  performance.mark("drawn", { detail: number });
  // Words follow the charts, unless there are newer ones.
  if (app.picture === message) for (const part of inWords) part.show(message);
  timings.push({ number, runs, sent: sent.get(number) ?? received, received, drawn });
  if (timings.length > MOST_TIMINGS) timings.shift();
  if (number % MOST_TIMINGS === 0) performance.clearMarks(); // which would pile up
  for (const old of sent.keys()) if (old < number) sent.delete(old);
  Object.assign(document.documentElement.dataset, { ready: runs, number });
}

// --- tabs, undo, address, drawer

function showTab() {
  const { view } = state.now;
  for (const name of VIEWS) {
    const tab = byId(`tab-${name}`), chosen = name === view;
    const enters = chosen && byId(`view-${name}`).hidden;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    byId(`view-${name}`).hidden = !chosen;
    if (!enters) continue;
    window.dispatchEvent(new Event("resize")); // charts made while they were hidden take their width
    views[name].enter?.();
  }
}

for (const name of VIEWS) byId(`tab-${name}`).addEventListener("click", () => app.set({ view: name }));
document.querySelector("[role='tablist']").addEventListener("keydown", (event) => {
  const here = VIEWS.indexOf(state.now.view);
  const to = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: VIEWS.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  app.set({ view: VIEWS.at(to % VIEWS.length) });
  byId(`tab-${state.now.view}`).focus();
});

function step(undoOrRedo) {
  showProblem("");
  if (state.now !== state.settled) state.set({}); // what is being dragged is undone first
  if (undoOrRedo()) stateChanged();
}

// A text that is being written has an undo of its own.
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
  const key = event.key.toLowerCase();
  if (!["z", "y"].includes(key) || event.target.matches("textarea, input[type='search'], input:not([type])")) return;
  if (document.querySelector("dialog[open]")) return;
  event.preventDefault();
  if (key === "z" && !event.shiftKey) app.undo();
  else app.redo();
});

window.addEventListener("hashchange", () => {
  const fragment = window.location.hash.replace(/^#/, "");
  if (fragment === ownFragment) return;
  const wanted = fromFragment(fragment);
  app.set({ ...wanted, scenario: wanted.scenario ?? state.now.scenario, pair: wanted.pair ?? state.now.pair });
});

byId("drawer").addEventListener("click", () => {
  const open = byId("side").classList.toggle("open");
  byId("drawer").setAttribute("aria-expanded", String(open));
});

state.fill(fromFragment(window.location.hash));
theme.show();
showTab();
header.showTools();
