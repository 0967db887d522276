// The head of the page: which scenario and base are open, what can be undone, and the status line.

import { choices } from "./elements.js";

const byId = (id) => document.getElementById(id);

export class Head {
  constructor(app) {
    this.app = app;
    byId("undo").addEventListener("click", () => app.undo());
    byId("redo").addEventListener("click", () => app.redo());
    byId("reset").addEventListener("click", () => app.set({ changes: {} }));
    byId("freeze").addEventListener("click", () =>
      app.set({ base: { scenario: app.state.scenario, changes: { ...app.state.changes } } }));
    byId("scenario").addEventListener("change", ({ target }) =>
      app.set({ scenario: target.value, base: null, changes: {}, pair: null, month: null, seed: null }));
    byId("base").addEventListener("change", ({ target }) => {
      if (target.value !== "frozen") app.set({ base: target.value ? { scenario: target.value, changes: {} } : null });
    });
    const size = () => document.documentElement.style.setProperty("--head", `${byId("head").offsetHeight}px`);
    new ResizeObserver(size).observe(byId("head"));
  }

  open({ scenario }) {
    byId("title").textContent = scenario.name;
    byId("about").textContent = byId("about").title = scenario.about ?? "";
    document.title = `${scenario.name} – relsim`;
    this.showFiles();
  }

  show(message) {
    if (message.type === "picture") this.showStatus(message);
    else if (message.type === "state") this.showTools();
  }

  // The scenarios and bases to choose from.
  showFiles() {
    if (!this.app.opened) return;
    const { scenario, base } = this.app.opened;
    const files = this.app.scenarios.map((one) => [one.file, one.name]);
    if (!files.some(([file]) => file === scenario.file)) files.unshift([scenario.file, scenario.name]);
    fill(byId("scenario"), files, scenario.file);
    const count = Object.keys(base.changes).length;
    const bases = [["", "this scenario, unchanged"]];
    if (count) bases.push(["frozen", `frozen, with ${count} change${count > 1 ? "s" : ""}: ${base.title}`]);
    for (const [file, name] of files) if (file !== scenario.file) bases.push([file, name]);
    fill(byId("base"), bases, count ? "frozen" : base.scenario === scenario.file ? "" : base.scenario);
  }

  showStatus({ runs, last, seconds, same }) {
    const most = this.app.opened.scenario.stages.at(-1);
    const count = runs.toLocaleString("en");
    const kind = same ? "runs, same as the base" : "paired runs";
    if (last) this.app.announce(`${count} ${kind}, ${seconds.toFixed(seconds < 10 ? 1 : 0)} s`);
    else this.app.announce(`${count} of ${most.toLocaleString("en")} runs…`, false);
  }

  showTools() {
    byId("undo").disabled = !this.app.canUndo;
    byId("redo").disabled = !this.app.canRedo;
    const { opened, state } = this.app;
    for (const id of ["copy", "table", "sheet"]) byId(id).disabled = !opened;
    for (const id of ["reset", "keep", "freeze"]) byId(id).disabled = !opened || !Object.keys(state.changes).length;
  }
}

function fill(select, rows, chosen) {
  choices(select, rows, chosen);
  select.title = select.selectedOptions[0]?.textContent ?? "";
}
