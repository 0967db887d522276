// The scenario's claims, judged anew with each picture, beside the verdicts of the base.

import { element } from "./elements.js";
import { percent, signed } from "./words.js";

const SIGNS = { supported: "●", contradicted: "■", "not distinguishable": "◆" }; // as in the figures
const kind = (verdict) => (verdict in SIGNS ? verdict.replaceAll(" ", "-") : "not-judged");

export class Claims {
  constructor(place) {
    this.place = place;
    this.rows = new Map(); // name → its row
  }

  open({ claims }) {
    this.place.hidden = !claims.length;
    this.rows = new Map(claims.map((claim) => [claim.name, rowOf(claim)]));
    const head = ["claim", "verdict", "holds in", "effect", "in the base"].map((text) =>
      element("th", { scope: "col", class: text === "effect" ? "number" : null }, text));
    this.place.replaceChildren(
      element("h2", { id: "claims-title" }, "Claims"),
      element("p", { class: "note" }, "The share of runs in which a claim holds, with its 95\u00a0% interval. The bar is the interval, the upright mark the share that the claim asks for. ",
        "Supported: all of the interval is at the mark or above it. Contradicted: all of it is below. Not distinguishable: the mark is within it."),
      element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Claims" },
        element("table", { class: "claims" }, element("thead", {}, element("tr", {}, ...head)),
          element("tbody", {}, ...[...this.rows.values()].map((one) => one.row)))));
  }

  show(message) {
    if (message.type !== "picture") return;
    for (const claim of message.claims) if (this.rows.has(claim.name)) judge(this.rows.get(claim.name), claim);
  }
}

function rowOf(claim) {
  const bar = element("div", { class: "bar", role: "img" }, element("i"), element("b"));
  const cells = {
    share: element("span"), interval: element("span", { class: "note" }), bar,
    effect: element("td", { class: "number", "data-head": "effect" }),
    verdict: element("td", { class: "verdict" }), base: element("td", { "data-head": "in the base" }),
  };
  cells.row = element("tr", {},
    element("td", {}, element("strong", {}, claim.says), element("br"), element("span", { class: "note test" }, [claim.name, claim.test].filter(Boolean).join(": "))),
    cells.verdict,
    element("td", { "data-head": "holds in" }, cells.share, " ", cells.interval, bar),
    cells.effect, cells.base);
  return cells;
}

function judge(cells, claim) {
  const { verdict, share, low, high, required, effect, reason, base } = claim;
  cells.verdict.className = `verdict ${kind(verdict)}`;
  cells.verdict.replaceChildren(element("span", { "aria-hidden": "true" }, SIGNS[verdict] ?? "○"), ` ${verdict}`,
    ...(reason ? [element("br"), element("span", { class: "note test" }, reason)] : []));
  const judged = share !== null && share !== undefined;
  cells.share.textContent = percent(share);
  cells.interval.textContent = judged ? `(${percent(low)} to ${percent(high)}; ${percent(required)} asked)` : "";
  cells.bar.hidden = !judged;
  if (judged) {
    cells.bar.setAttribute("aria-label", `${percent(share)} of runs, ${percent(required)} asked`);
    const [interval, mark] = cells.bar.children;
    interval.style.left = `${100 * low}%`;
    interval.style.width = `${Math.max(1, 100 * (high - low))}%`;
    mark.style.left = `calc(${100 * required}% - 1px)`;
  }
  cells.effect.textContent = typeof effect === "number" ? signed(effect, Math.abs(effect) < 1 ? 3 : 1) : "–";
  compare(cells, claim, base);
}

function compare(cells, { verdict, share }, base) {
  const other = base && base.verdict !== verdict;
  cells.row.classList.toggle("turned", Boolean(other));
  if (!base) cells.base.textContent = "–";
  else {
    const apart = share === null || base.share === null || share === undefined || base.share === undefined ? null : 100 * (share - base.share);
    const words = other ? `${SIGNS[base.verdict] ?? "○"} ${base.verdict}` : "the same";
    const points = apart === null || Math.abs(apart) < 0.5 ? "" : `, in ${percent(base.share)} (now ${signed(apart, 0)} points)`;
    cells.base.textContent = words + points;
  }
}
