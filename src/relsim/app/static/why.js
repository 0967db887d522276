// Why the subject is where it is: stories in words of both directions, and which interests carry it.

import { element } from "./elements.js";
import { unbroken } from "./words.js";

export function why(place, app) {
  let box = null, parts = null, carriers = null;

  function open() {
    box = {
      says: element("p", { class: "note" }), stories: element("div", { class: "stories" }),
      parts: element("div", { class: "chart" }), partsPart: null,
      carriers: element("div", { class: "chart" }), sentence: element("p"), carriersPart: null,
    };
    box.partsPart = element("div", { hidden: true }, element("h3", {}, "The largest parts of the change"), element("p", { class: "note" }, "What each reason adds to the pull of either side, or takes from it, in pull units."), box.parts);
    box.carriersPart = element("div", { hidden: true }, element("h3", {}, "Interests that carry the difference"), box.sentence, box.carriers);
    place.replaceChildren(element("h2", { id: "why-title" }, "Why"), box.says, box.stories, element("div", { class: "grid" }, box.partsPart, box.carriersPart));
    box.says.textContent = "The reasons appear when all runs are done.";
    parts = carriers = null;
  }

  function story({ title, lead, changes, level, note }) {
    return element("article", {}, element("h3", {}, title), element("p", {}, unbroken(lead)),
      element("ul", { class: "headline" }, ...changes.map((one) => element("li", {}, unbroken(one)))),
      element("p", {}, unbroken(level)), ...(note ? [element("p", { class: "note" }, note)] : []));
  }

  // The two sides of a pair in words, in the order of its name.
  function waysOf(pair) {
    const [first, second] = pair.split("-").map(app.stateName);
    return [`${first} towards ${second}`, `${second} towards ${first}`];
  }

  function show(message) {
    place.classList.remove("old");
    place.setAttribute("aria-busy", "false");
    box.says.textContent = `${app.title(message.pair)} in ${app.monthName(message.month)}, from ${message.runs.toLocaleString("en")} ${app.picture?.same ? "runs" : "paired runs"}: ` +
      (app.picture?.same ? "what has changed since the opening." : "what differs from the base.");
    box.stories.replaceChildren(...message.stories.map(story));
    box.partsPart.hidden = !message.parts?.length;
    if (message.parts?.length) {
      const ways = waysOf(message.pair), sorted = bySize(message.parts, "value").map((one) => ({ ...one, way: ways[one.side] }));
      const content = { data: { parts: sorted }, signals: { first: ways[0], second: ways[1], rows: labelsOf(sorted) } };
      if (parts) parts.update(content);
      else parts = app.chart(box.parts, inOrder(app.opened.charts.parts), { ...content, name: "parts" });
      parts.describe(`Parts of the change, in pull units: ${sorted.map((one) => `${one.way}, ${one.label}: ${one.value}`).join("; ")}.`);
    }
    box.carriersPart.hidden = !message.carriers;
    if (message.carriers) {
      box.sentence.textContent = unbroken(message.carriers.sentence);
      const sorted = bySize(message.carriers.rows, "carried");
      const content = { data: { carriers: sorted }, signals: { rows: labelsOf(sorted) } };
      if (carriers) carriers.update(content);
      else carriers = app.chart(box.carriers, inOrder(app.opened.charts.carriers), { ...content, name: "carriers" });
      carriers.describe(`Interests that carry the difference. ${message.carriers.sentence}`);
    }
  }

  return {
    open,
    show(message) {
      if (message.type === "why" && box) show(message);
      // What stands here is of an older picture until the new reasons come.
      if (message.type === "picture" && box && message.number !== app.reasons) {
        place.classList.add("old");
        place.setAttribute("aria-busy", "true");
      }
      if (message.type === "why") app.reasons = message.number;
    },
  };
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
