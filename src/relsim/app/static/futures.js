// Fans of the subject and of the watched pairs, each with its ghost, its paired difference and a verdict.

import { element } from "./elements.js";
import { alike } from "./state.js";
import { fixed, signed, unbroken } from "./words.js";

const HEIGHTS = { subject: { fan: 230, difference: 110 }, card: { fan: 130, difference: 70 } }; // pixels
const PADDING = { left: 0, right: 6, top: 6, bottom: 0 };
const AXIS = 40; // pixels of labels beside an axis of levels, so that fan and difference share one axis of time
// A line at the month that is compared, unless it is the end.
const COMPARED = {
  data: { name: "compared" },
  mark: { type: "rule", color: "#1f2933", strokeWidth: 1.5 },
  encoding: { x: { field: "month", type: "temporal" } },
};
// Told apart by shape and word, not by colour alone.
const VERDICTS = { higher: ["▲", "higher"], lower: ["▼", "lower"] };
const OPEN = ["◆", "open"], SAME = ["=", "same"];

export function futures(place, app) {
  const at = (id) => place.querySelector(`#${id}`);
  const pick = at("pair"), month = at("month"), says = at("month-says");
  let subject = null;
  let cards = new Map(); // pair → what shows it

  // --- one pair

  function panel(size) {
    const title = element(size === "subject" ? "h2" : "h3", {});
    const badge = element("span", { class: "badge open" });
    const sentence = element("p", { class: "sentence" });
    const fan = element("div", { class: "chart" }), difference = element("div", { class: "chart" });
    fan.style.minHeight = `${HEIGHTS[size].fan}px`;
    difference.style.minHeight = `${HEIGHTS[size].difference}px`;
    return { size, title, badge, sentence, fan, difference, fanChart: null, differenceChart: null };
  }

  // A chart is made with its first data, and later only told of new ones.
  function chart(shown, name, content) {
    const held = `${name}Chart`, spec = app.opened.charts[name];
    if (shown[held]) return shown[held].update(content);
    const made = prepared(spec, shown.size === "card", [app.time(app.months[0]), app.time(app.months.at(-1))]);
    shown[held] = app.chart(shown[name], made, { ...content, height: HEIGHTS[shown.size][name], padding: PADDING, name });
    return shown[held].ready;
  }

  function draw(shown, pair, message) {
    const { fan, ghost, difference, range, difference_range: apart, events, effect } = message.pairs[pair];
    const compared = app.state.month ? [{ month: app.time(message.month) }] : [];
    shown.title.textContent = app.title(pair);
    judge(shown, effect, message);
    const above = Math.max(-1, ...(events ?? []).map((one) => one.row)); // rows of numbers above the panel
    const resize = shown.above !== above;
    shown.above = above;
    const drawn = [
      chart(shown, "fan", {
        resize, signals: { low: range[0], high: range[1] },
        data: { fan: rows(fan), ...others(shown, { ghost, events, month: message.month }, compared) },
      }),
      chart(shown, "difference", { data: { difference: rows(difference), compared }, signals: { low: apart[0], high: apart[1] } }),
    ];
    const end = fan.median.length - 1;
    shown.fanChart.describe(`Fan chart of ${app.title(pair)}, overall cooperation by month. In ${app.monthName(fan.time[end])}: median ${fixed(fan.median[end])}, ` +
      `80 % of runs from ${fixed(fan.lower80[end])} to ${fixed(fan.upper80[end])}; median of the base ${fixed(ghost.median[end])}.`);
    shown.differenceChart.describe(`Paired difference from the base of ${app.title(pair)}. In ${app.monthName(fan.time[end])}: median ${signed(difference.median[end], 3)}, ` +
      `80 % of paired runs from ${signed(difference.lower80[end], 3)} to ${signed(difference.upper80[end], 3)}.`);
    // Charts that cannot be seen are drawn later, and are no part of what is waited for.
    return [shown.fanChart, shown.differenceChart].flatMap((chart, n) => (chart.seen ? [drawn[n]] : []));
  }

  // What stays while a slider is held is not put in anew: that would be half of the work.
  function others(shown, { ghost, events, month }, compared) {
    const was = shown.others ?? {};
    shown.others = { ghost, events, month: compared.length ? month : null };
    const data = {};
    if (!alike(was.ghost, ghost)) data.ghost = rows(ghost);
    if (!alike(was.events, events)) data.events = marks(events);
    if (was.month !== shown.others.month) data.compared = compared;
    return data;
  }

  function judge({ badge, sentence }, effect, message) {
    const same = message.same || effect.word === "identical";
    const [sign, kind] = same ? SAME : VERDICTS[effect.word] ?? OPEN;
    const word = same ? "same as the base" : effect.negligible ? `${effect.word}, negligibly` : effect.word;
    badge.className = `badge ${effect.negligible && !same ? "open" : kind}`;
    badge.replaceChildren(element("span", { "aria-hidden": "true" }, sign), ` ${word}`);
    sentence.textContent = unbroken(message.same ? effect.sentence
      : `${app.monthName(message.month)}, against the base. ${effect.sentence} Medians: ${signed(effect.other)}, in the base ${signed(effect.base)}.`);
  }

  // --- rows for Vega

  let clock = { texts: null, values: [] };
  function times(texts) {
    if (clock.texts?.length !== texts.length || clock.texts[0] !== texts[0]) clock = { texts, values: texts.map(app.time) };
    return clock.values;
  }

  function rows(columns) {
    const names = Object.keys(columns).filter((name) => name !== "time");
    const texts = columns.time;
    return times(texts).map((month, n) => {
      const one = { time: texts[n], month };
      for (const name of names) one[name] = columns[name][n];
      return one;
    });
  }

  const marks = (list) => (list ?? []).map((one) => ({ ...one, month: app.time(one.time) }));

  // --- the page

  function build() {
    const box = at("subject");
    [subject?.fanChart, subject?.differenceChart].forEach((made) => made?.remove());
    subject = panel("subject");
    subject.events = element("ul", { class: "signs" });
    box.replaceChildren(
      element("div", { class: "judged" }, subject.title, subject.badge), subject.sentence,
      element("figure", {}, element("figcaption", {}, "Overall cooperation, −1 to 1. Line and bands: median, and what 50, 80 and 95\u00a0% of the runs stay within. Dashed, and thin: median and 80\u00a0% of the base. Dotted: the opening."), subject.fan),
      element("figure", {}, element("figcaption", {}, "Difference from the base, run by run: both sides share each run's chance."), subject.difference),
      subject.events);
    cards.forEach((one) => [one.fanChart, one.differenceChart].forEach((made) => made?.remove()));
    cards = new Map();
    at("cards").replaceChildren();
  }

  function card(pair) {
    if (cards.has(pair)) return cards.get(pair);
    const made = panel("card");
    const button = element("button", { type: "button", class: "choose" });
    made.title.append(button);
    made.box = element("article", { class: "card", "aria-busy": "false" }, element("div", { class: "judged" }, made.title, made.badge), made.fan, made.difference, made.sentence);
    button.addEventListener("click", () => {
      app.set({ pair });
      at("subject").scrollIntoView({ block: "nearest" });
    });
    made.title = button; // its text is the title
    at("cards").append(made.box);
    cards.set(pair, made);
    return made;
  }

  // What the marks of the subject's fan stand for.
  function listEvents(events) {
    const key = JSON.stringify(events ?? []);
    if (subject.events.dataset.key === key) return;
    subject.events.dataset.key = key;
    subject.events.replaceChildren(...(events ?? []).map((one) => element("li", {}, element("b", {}, one.sign), ` ${one.label}, ${app.monthName(one.time)}`)));
  }

  function show(message) {
    if (message.type === "state") return showAsked();
    if (message.type !== "picture") return Promise.resolve();
    const { pair } = app.state;
    const drawn = [];
    place.classList.remove("waits");
    if (message.pairs[pair]) {
      drawn.push(...draw(subject, pair, message));
      listEvents(message.pairs[pair].events);
    }
    const watched = app.opened.scenario.pairs.filter((one) => one.watched && one.pair !== pair && message.pairs[one.pair]);
    for (const one of watched) drawn.push(...draw(card(one.pair), one.pair, message));
    // In the order of the scenario, whichever was the subject before.
    watched.forEach((one, n) => {
      const { box } = cards.get(one.pair);
      if (at("cards").children[n] !== box) at("cards").insertBefore(box, at("cards").children[n] ?? null);
      box.hidden = false;
    });
    for (const [name, { box }] of cards) if (!watched.some((one) => one.pair === name)) box.hidden = true;
    at("cards").parentElement.hidden = !watched.length;
    return Promise.all(drawn);
  }

  function showAsked() {
    if (!app.opened) return Promise.resolve();
    pick.value = app.state.pair;
    const end = app.months.length - 1;
    const n = app.state.month ? app.months.indexOf(app.state.month) : end;
    month.max = end;
    if (month.valueAsNumber !== n) month.value = n;
    const text = app.monthName(app.months[n]) + (n === end ? " (the end)" : "");
    month.setAttribute("aria-valuetext", text);
    says.textContent = text;
    return Promise.resolve();
  }

  const chosen = () => (month.valueAsNumber === app.months.length - 1 ? null : app.months[month.valueAsNumber]);
  month.addEventListener("input", () => {
    app.drag({ month: chosen() });
    showAsked();
  });
  month.addEventListener("change", () => app.set({ month: chosen() }));
  pick.addEventListener("change", () => app.set({ pair: pick.value }));

  let built = null; // the definitions that the charts were made of
  return {
    open(opened) {
      const groups = [["Watched", true], ["All other pairs", false]].map(([label, watched]) =>
        element("optgroup", { label }, ...opened.scenario.pairs.filter((one) => Boolean(one.watched) === watched).map((one) => new Option(one.title, one.pair))));
      pick.replaceChildren(...groups.filter((one) => one.children.length));
      const made = JSON.stringify([opened.scenario.file, opened.charts.fan, opened.charts.difference]);
      if (made !== built) {
        place.classList.add("waits");
        build();
      }
      built = made; // with another base, charts stay
      showAsked();
    },
    show,
  };
}

// A definition as it is fast to redraw: axes that signals set and data need not be searched for, no
// description of each mark (the chart has one of its own), and months that stand in the rows. Axes of
// levels all take the same room. Small ones have no legend and nothing that follows the pointer.
function prepared(spec, small, span) {
  const { config } = spec;
  const layer = spec.layer.filter((one) => !small || !JSON.stringify(one).includes('"here"')).map((one) => {
    const encoding = { ...one.encoding };
    if (encoding.x?.field === "month") encoding.x = { ...encoding.x, scale: { domain: { expr: "span" } } };
    if (encoding.y?.scale) encoding.y = { ...encoding.y, scale: { domain: { expr: "[low, high]" }, nice: false, zero: false } };
    if (small && encoding.color) encoding.color = { ...encoding.color, legend: null };
    return { ...one, encoding, transform: (one.transform ?? []).filter((step) => step.as !== "month") };
  });
  return {
    ...spec, layer: [...layer, COMPARED], params: [...spec.params, { name: "span", value: span }],
    config: { ...config, aria: false, axisY: { ...config.axisY, minExtent: AXIS, maxExtent: AXIS } },
  };
}
