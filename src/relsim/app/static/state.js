// The state of the page: scenario, base, changes, pair, month, view and seed; its undo, and its form in the address.

export const VIEWS = ["futures", "network", "matrix", "events", "step"];
const EMPTY = { scenario: null, base: null, changes: {}, pair: null, month: null, view: "futures", seed: null };

export class State {
  constructor() {
    this.now = { ...EMPTY };
    this.settled = this.now; // without a drag that has not ended
    this.before = [];
    this.after = [];
    this.way = this.before; // back to where the last step came from
  }

  // A change while something is being dragged leaves no entry.
  drag(partial) {
    this.now = { ...this.now, ...partial };
  }

  // Another view alone is no entry of undo.
  set(partial) {
    this.now = { ...this.now, ...partial };
    if (!alike({ ...this.settled, view: null }, { ...this.now, view: null })) {
      this.before.push(this.settled);
      this.after = [];
      this.way = this.before;
    }
    this.settled = this.now;
  }

  // What the server fills in is no entry of undo.
  fill(partial) {
    this.now = { ...this.now, ...partial };
    this.settled = this.now;
  }

  undo() {
    return this.step(this.before, this.after);
  }

  redo() {
    return this.step(this.after, this.before);
  }

  // Goes back to where the last step came from, as if it had not been taken.
  takeBack() {
    const { way } = this;
    const went = this.step(way, []);
    this.way = way;
    return went;
  }

  step(from, to) {
    if (!from.length) return false;
    to.push(this.settled);
    this.way = to;
    this.now = { ...from.pop(), view: this.now.view };
    this.settled = this.now;
    return true;
  }
}

// The state as the part of an address after "#". Only spaces and signs with a meaning there are encoded.
export function toFragment(state) {
  const parts = { scenario: state.scenario, pair: state.pair, month: state.month, view: state.view, seed: state.seed };
  if (state.base) parts.base = JSON.stringify(state.base);
  if (Object.keys(state.changes).length) parts.changes = JSON.stringify(state.changes);
  return Object.entries(parts)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${encoded(String(value))}`)
    .join("&");
}

function encoded(text) {
  return encodeURIComponent(text).replace(/%(2F|3A|2C|7B|7D|5B|5D)/g, decodeURIComponent);
}

// The state of such a text. What cannot be read is left out, so that a mangled address still opens.
export function fromFragment(text) {
  const parts = new URLSearchParams(text.replace(/^#/, "").replaceAll("+", "%2B"));
  const state = { ...EMPTY };
  for (const name of ["scenario", "pair", "month", "view"]) state[name] = parts.get(name) ?? EMPTY[name];
  if (/^\d+$/.test(parts.get("seed") ?? "")) state.seed = parts.get("seed"); // of more digits than a number has
  if (!VIEWS.includes(state.view)) state.view = EMPTY.view;
  state.base = plain(parts.get("base"));
  state.changes = plain(parts.get("changes")) ?? {};
  return state;
}

function plain(text) {
  try {
    const value = JSON.parse(text ?? "null");
    return value !== null && typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

// Whether two plain values are the same, whatever the order of their names.
export function alike(one, other) {
  if (one === other) return true;
  if (!one || !other || typeof one !== "object" || typeof other !== "object") return false;
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => alike(one[name], other[name]));
}
