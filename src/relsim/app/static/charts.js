// Charts that stay while their data are replaced: what can be seen is drawn first, once in a frame.

const MARGIN = 80; // pixels beside the window in which a chart counts as seen
const SETTINGS = {
  renderer: "canvas", // six fans and six differences anew: 143 ms of a processor, as svg 214
  logLevel: 1, // of Vega: errors; a chart without rows yet is none
  actions: { export: { svg: true, png: true }, source: false, compiled: false, editor: false },
};

// A definition for the present theme: in the dark, each colour that has a counterpart becomes it.
function themed(part, dark) {
  if (typeof part === "string") return dark[part.toLowerCase()] ?? part;
  if (Array.isArray(part)) return part.map((one) => themed(one, dark));
  if (part === null || typeof part !== "object") return part;
  return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, themed(value, dark)]));
}

class Chart {
  // `data`: for each set its rows; or columns of equal length, where later ones have as many rows.
  constructor(charts, place, spec, { signals = {}, data = {}, height = null, name = "chart", made = null } = {}) {
    Object.assign(this, { charts, place, spec, height, name, made });
    this.data = { ...data };
    this.signals = { ...signals };
    this.fresh = { data: new Set(), signals: new Set() }; // what the view does not show yet
    this.seen = inSight(place);
    this.stale = true; // has to be embedded, for the first time or in other colours
    this.view = undefined;
    this.ready = charts.later(this).then(() => this.view);
  }

  // Embeds the chart, anew where the theme has changed; its data stay.
  async embed() {
    this.stale = false;
    const spec = themed(this.spec, this.charts.dark());
    spec.background = null;
    if (spec.config) spec.config = { ...spec.config, background: null };
    if (this.height !== null) spec.height = this.height;
    if (spec.width === "container") spec.autosize ??= { type: "fit-x", contains: "padding" };
    // The first picture is drawn with the data in it, so that its size is right from the start.
    spec.datasets = { ...spec.datasets };
    for (const [name, value] of Object.entries(this.data)) spec.datasets[name] = rowsOf(value);
    spec.params = (spec.params ?? []).map((one) => (one.name in this.signals ? { ...one, value: this.signals[one.name] } : one));
    this.fresh = { data: new Set(), signals: new Set() };
    const { view } = await window.vegaEmbed(this.place, spec, { ...SETTINGS, downloadFileName: this.name });
    if (this.gone) return view.finalize();
    this.view?.finalize();
    this.view = view;
    const { signals, data } = view.getState({ signals: () => true, data: () => true, recurse: false });
    this.known = { signals: new Set(Object.keys(signals)), data: new Set(Object.keys(data)) };
    nameMenu(this.place, this.name);
    this.made?.(view);
  }

  // The promise ends when the chart shows these data, or newer ones that came meanwhile, or cannot be seen any more. `resize`: they
  // reach further beyond the panel than those before, or less far.
  update({ data = {}, signals = {}, resize = false } = {}) {
    if (resize) this.view?.resize();
    for (const [kind, parts] of [["data", data], ["signals", signals]]) {
      for (const [name, value] of Object.entries(parts)) {
        this[kind][name] = value;
        this.fresh[kind].add(name);
      }
    }
    return this.charts.later(this);
  }

  async draw() {
    if (this.stale) await this.embed();
    const { view } = this;
    if (!view || this.gone) return;
    if (!this.fresh.data.size && !this.fresh.signals.size) return;
    for (const name of this.fresh.signals) if (this.known.signals.has(name)) view.signal(name, this.signals[name]);
    for (const name of this.fresh.data) if (this.known.data.has(name)) this.put(name);
    this.fresh = { data: new Set(), signals: new Set() };
    await view.runAsync();
  }

  // Rows that stand take the numbers of new columns, and so do their marks: half of the work of new rows.
  put(name) {
    const value = this.data[name], rows = this.view.data(name), columns = Object.entries(value);
    if (Array.isArray(value) || rows.length !== columns[0][1].length) return this.view.data(name, rowsOf(value));
    for (const [column, numbers] of columns) for (let n = 0; n < rows.length; n += 1) rows[n][column] = numbers[n];
    return this.view.change(name, this.view.changeset().reflow());
  }

  describe(text) {
    const picture = this.place.querySelector("[role='graphics-document'], canvas, svg");
    for (const part of [this.place, picture]) {
      if (!part) continue;
      part.setAttribute("role", part === this.place ? "img" : "presentation");
      if (part === this.place) part.setAttribute("aria-label", text);
      else part.removeAttribute("aria-label");
    }
  }

  remove() {
    this.gone = true;
    this.charts.forget(this);
    this.view?.finalize();
    this.place.replaceChildren();
  }
}

function rowsOf(value) {
  if (Array.isArray(value)) return value;
  const columns = Object.entries(value);
  return columns[0][1].map((_, n) => Object.fromEntries(columns.map(([name, numbers]) => [name, numbers[n]])));
}

// Within the window, or just beside it.
function inSight(place) {
  const { top, bottom, width } = place.getBoundingClientRect();
  return width > 0 && bottom > -MARGIN && top < window.innerHeight + MARGIN;
}

function nameMenu(place, name) {
  const menu = place.querySelector("details > summary");
  if (!menu) return;
  menu.setAttribute("aria-label", `Save this chart: ${name}`);
  menu.title = "Save this chart as SVG or PNG";
  menu.querySelector("svg")?.setAttribute("aria-hidden", "true");
}

export class Charts {
  // `dark()` gives the counterparts of colours at present: none in the light.
  constructor(dark) {
    this.dark = dark;
    this.all = new Map(); // the chart at each place
    this.waiting = new Map(); // chart → those who wait for it
    this.asked = false; // to draw
    this.watcher = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) if (this.all.has(target)) this.sight(this.all.get(target), isIntersecting);
      if (this.waiting.size) this.ask();
    }, { rootMargin: `${MARGIN}px` });
  }

  add(place, spec, options) {
    this.all.get(place)?.remove();
    const chart = new Chart(this, place, spec, options);
    this.all.set(place, chart);
    this.watcher.observe(place);
    return chart;
  }

  forget(chart) {
    this.all.delete(chart.place);
    this.waiting.delete(chart);
    this.watcher.unobserve(chart.place);
  }

  // Nobody waits for what has gone out of sight, as when another view is chosen; it is drawn when it is back.
  sight(chart, seen) {
    chart.seen = seen;
    if (seen || !this.waiting.has(chart)) return;
    this.waiting.get(chart).forEach((one) => one());
    this.waiting.set(chart, []);
  }

  later(chart) {
    return new Promise((done) => {
      this.waiting.set(chart, [...(this.waiting.get(chart) ?? []), done]);
      this.ask();
    });
  }

  // As soon as all that comes with the same message is there.
  ask() {
    if (this.asked) return;
    this.asked = true;
    queueMicrotask(() => this.flush());
  }

  // All that can be seen at once; then the rest, one chart in a frame. What stands in a view that is
  // not shown waits until it is.
  async flush() {
    const waiting = [...this.waiting.keys()];
    const seen = waiting.filter((one) => one.seen);
    // Where something stands is asked of no chart that is drawn now: to know, the page is laid out.
    const next = seen.length ? seen : waiting.filter(({ place }) => place.offsetParent !== null).slice(0, 1);
    await Promise.all(next.map((one) => this.finish(one)));
    this.asked = Boolean(next.length && this.waiting.size);
    if (this.asked) window.requestAnimationFrame(() => this.flush());
  }

  async finish(chart) {
    const done = this.waiting.get(chart);
    this.waiting.delete(chart);
    await chart.draw();
    done.forEach((one) => one());
  }

  retheme() {
    for (const chart of this.all.values()) {
      chart.stale = true;
      this.later(chart);
    }
  }
}
