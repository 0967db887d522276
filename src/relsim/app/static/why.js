// Why the chosen pair is where it is: stories in words of both directions, and which interests carry it.

import { element } from "./elements.js";
import { unbroken } from "./words.js";

export class Why {
  constructor(place, app) {
    this.place = place;
    this.app = app;
    this.parts = this.carriers = null; // charts
  }

  open() {
    for (const chart of [this.parts, this.carriers]) chart?.remove();
    this.parts = this.carriers = null;
    this.says = element("p", { class: "note" }, "The reasons appear when all runs are done.");
    this.stories = element("div", { class: "stories" });
    this.partsPlace = element("div", { class: "chart" });
    this.partsBox = element("div", { hidden: true }, element("h3", {}, "The largest parts of the change"),
      element("p", { class: "note" }, "What each reason adds to the pull of either side, or takes from it, in pull units."), this.partsPlace);
    this.sentence = element("p");
    this.carriersPlace = element("div", { class: "chart" });
    this.carriersBox = element("div", { hidden: true }, element("h3", {}, "Interests that carry the difference"), this.sentence, this.carriersPlace);
    this.place.replaceChildren(element("h2", { id: "why-title" }, "Why"), this.says, this.stories,
      element("div", { class: "grid" }, this.partsBox, this.carriersBox));
  }

  show(message) {
    // What stands here is of an older picture until the new reasons come.
    if (message.type === "picture" && message.number !== this.app.reasons) this.mark(true);
    if (message.type !== "why") return;
    this.app.reasons = message.number;
    this.mark(false);
    this.tell(message);
    this.drawParts(message);
    this.drawCarriers(message.carriers);
  }

  mark(old) {
    this.place.classList.toggle("old", old);
    this.place.setAttribute("aria-busy", String(old));
  }

  tell({ pair, month, decided, runs, stories }) {
    const { app } = this, same = app.picture?.same;
    this.says.textContent = `${app.title(pair)} in ${app.monthName(month)}, from ${runs.toLocaleString("en")} ${same ? "runs" : "paired runs"}: ` +
      (same ? "what has changed since the opening." : "what differs from the base.") +
      (decided === month ? "" : ` States decide before they move, so the pulls are those of ${app.monthName(decided)}.`);
    this.stories.replaceChildren(...stories.map(story));
  }

  drawParts({ pair, parts }) {
    this.partsBox.hidden = !parts?.length;
    if (!parts?.length) return;
    // The two sides in words, in the order of the pair's name.
    const [first, second] = pair.split("-").map(this.app.stateName);
    const ways = [`${first} towards ${second}`, `${second} towards ${first}`];
    const sorted = bySize(parts, "value").map((one) => ({ ...one, way: ways[one.side] }));
    const content = { data: { parts: sorted }, signals: { first: ways[0], second: ways[1], rows: labelsOf(sorted) } };
    if (this.parts) this.parts.update(content);
    else this.parts = this.app.chart(this.partsPlace, inOrder(this.app.opened.charts.parts), { ...content, name: "parts" });
    this.parts.describe(`Parts of the change, in pull units: ${sorted.map((one) => `${one.way}, ${one.label}: ${one.value}`).join("; ")}.`);
  }

  drawCarriers(found) {
    this.carriersBox.hidden = !found;
    if (!found) return;
    this.sentence.textContent = unbroken(found.sentence);
    const sorted = bySize(found.rows, "carried");
    const content = { data: { carriers: sorted }, signals: { rows: labelsOf(sorted) } };
    if (this.carriers) this.carriers.update(content);
    else this.carriers = this.app.chart(this.carriersPlace, inOrder(this.app.opened.charts.carriers), { ...content, name: "carriers" });
    this.carriers.describe(`Interests that carry the difference. ${found.sentence}`);
  }
}

function story({ title, lead, changes, level, note }) {
  return element("article", {}, element("h3", {}, title), element("p", {}, unbroken(lead)),
    element("ul", { class: "headline" }, ...changes.map((one) => element("li", {}, unbroken(one)))),
    element("p", {}, unbroken(level)), ...(note ? [element("p", { class: "note" }, note)] : []));
}

// A chart whose rows stand in the order of the signal `rows`: by the data alone, a row that was there
// before keeps its old place.
function inOrder(spec) {
  const { y } = spec.encoding;
  return {
    ...spec, params: [...(spec.params ?? []), { name: "rows", value: [] }],
    encoding: { ...spec.encoding, y: { ...y, scale: { ...y.scale, domain: { expr: "rows" } } } },
  };
}

const labelsOf = (sorted) => [...new Set(sorted.map((one) => one.label))];

// Rows of a chart by the largest size that each label has.
function bySize(rows, name) {
  const sizes = new Map();
  for (const one of rows) sizes.set(one.label, Math.max(sizes.get(one.label) ?? 0, Math.abs(one[name])));
  return rows.toSorted((one, other) => sizes.get(other.label) - sizes.get(one.label));
}
