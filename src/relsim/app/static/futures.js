// Fans of the subject and of the watched pairs, each with its ghost, its paired difference and a verdict.

import { element } from "./elements.js";
import { fixed, signed, unbroken } from "./words.js";

const CHARTS = { subject: { fan: "fan", difference: "difference" }, card: { fan: "small_fan", difference: "small_difference" } };
const BESIDE = 64; // pixels beside the panel of a fan: its axis of levels and its padding
const NUMBER = 22; // pixels of a number of two digits above a fan
// Told apart by shape and word, not by colour alone.
const VERDICTS = { higher: ["▲", "higher"], lower: ["▼", "lower"] };
const OPEN = ["◆", "open"], SAME = ["=", "same"];

export function futures(place, app) {
  const at = (id) => place.querySelector(`#${id}`);
  const pick = at("pair"), month = at("month"), says = at("month-says");
  let subject = null;
  let cards = new Map(); // pair → what shows it
  let arranged = null; // the pairs of the cards that are shown

  // --- one pair

  function panel(size) {
    const title = element(size === "subject" ? "h2" : "h3", {});
    const badge = element("span", { class: "badge open" });
    const sentence = element("p", { class: "sentence" });
    const fan = element("div", { class: "chart" }), difference = element("div", { class: "chart" });
    for (const [name, where] of [["fan", fan], ["difference", difference]]) where.style.minHeight = `${app.opened.charts[CHARTS[size][name]].height}px`;
    return { size, title, badge, sentence, fan, difference, fanChart: null, differenceChart: null };
  }

  // A chart is made with its first data, and later only told of new ones.
  function chart(shown, name, content) {
    const held = `${name}Chart`;
    if (shown[held]) return shown[held].update(content);
    shown[held] = app.chart(shown[name], app.opened.charts[CHARTS[shown.size][name]], { ...content, name });
    return shown[held].ready;
  }

  function draw(shown, pair, message) {
    const { fan, difference, range, difference_range: apart } = message.pairs[pair];
    const was = shown.told, compared = app.state.month ? [{ month: app.time(message.month) }] : [];
    shown.told = { pair, message, month: compared[0]?.month };
    const again = was?.pair !== pair, moved = again || was.month !== shown.told.month;
    if (again) shown.title.textContent = app.title(pair);
    const above = shown.above; // rows of numbers above the panel
    const data = { fan: columns(fan), ...(moved ? { compared } : {}), ...still(shown, was) };
    const drawn = [
      chart(shown, "fan", { data, signals: { low: range[0], high: range[1] }, resize: above !== shown.above }),
      chart(shown, "difference", {
        signals: { low: apart[0], high: apart[1] },
        data: { difference: columns(difference), ...(moved ? { compared } : {}) },
      }),
    ];
    // Charts that cannot be seen are drawn later, and are no part of what is waited for.
    return [shown.fanChart, shown.differenceChart].flatMap((chart, n) => (chart.seen ? [drawn[n]] : []));
  }

  // What stays while a slider is held is not put in anew: that would be half of the work.
  function still(shown, was) {
    const { pair, message } = shown.told, { fan, ghost, events } = message.pairs[pair];
    const again = was?.pair !== pair, before = again ? null : was.message.pairs[pair];
    const data = {};
    if (again || was.opened !== app.opened || was.message.runs !== message.runs) data.ghost = columns(ghost);
    if (before?.fan.median[0] !== fan.median[0]) data.opening = [{ median: fan.median[0] }];
    if (JSON.stringify(before?.events) !== JSON.stringify(events)) data.events = marks(shown, events);
    shown.told.opened = app.opened;
    return data;
  }

  // In words, which may follow the picture.
  function tell(shown) {
    const { pair, message } = shown.told, { fan, ghost, difference, effect } = message.pairs[pair];
    judge(shown, effect, message);
    const end = fan.median.length - 1;
    shown.fanChart.describe(`Fan chart of ${app.title(pair)}, overall cooperation by month. In ${app.monthName(fan.time[end])}: median ${fixed(fan.median[end])}, ` +
      `80 % of runs from ${fixed(fan.lower80[end])} to ${fixed(fan.upper80[end])}; median of the base ${fixed(ghost.median[end])}.`);
    shown.differenceChart.describe(`Paired difference from the base of ${app.title(pair)}. In ${app.monthName(fan.time[end])}: median ${signed(difference.median[end], 3)}, ` +
      `80 % of paired runs from ${signed(difference.lower80[end], 3)} to ${signed(difference.upper80[end], 3)}.`);
  }

  function judge({ badge, sentence }, effect, message) {
    const same = message.same || effect.word === "identical";
    const [sign, kind] = same ? SAME : VERDICTS[effect.word] ?? OPEN;
    const word = same ? "same as the base" : effect.negligible && kind !== OPEN[1] ? `${effect.word}, negligibly` : effect.word;
    badge.className = `badge ${effect.negligible && !same ? "open" : kind}`;
    badge.replaceChildren(element("span", { "aria-hidden": "true" }, sign), ` ${word}`);
    sentence.textContent = unbroken(message.same ? effect.sentence
      : `${app.monthName(message.month)}, against the base. ${effect.sentence} Medians: ${signed(effect.other)}, in the base ${signed(effect.base)}.`);
  }

  // --- data for charts

  let clock = { texts: null, values: [] };
  function times(texts) {
    if (clock.texts?.length !== texts.length || clock.texts[0] !== texts[0]) clock = { texts, values: texts.map(app.time) };
    return clock.values;
  }

  function columns({ time, ...numbers }) {
    return { month: times(time), ...numbers };
  }

  // Events with the row in which the number of each stands clear of those before it, in the width of the chart.
  function marks(shown, events) {
    const [first, last] = [app.months[0], app.months.at(-1)].map(app.time);
    shown.clientWidth = shown.fan.clientWidth;
    const room = ((last - first) * NUMBER) / Math.max(NUMBER, shown.clientWidth - BESIDE);
    const ends = []; // of the last number in each row
    const placed = events.map((one) => {
      const month = app.time(one.time), free = ends.findIndex((end) => end <= month);
      const row = free < 0 ? ends.length : free;
      ends[row] = month + room;
      return { ...one, month, row };
    });
    shown.above = ends.length;
    return placed;
  }

  // --- the page

  function build() {
    const box = at("subject");
    [subject?.fanChart, subject?.differenceChart].forEach((made) => made?.remove());
    subject = panel("subject");
    subject.events = element("ul", { class: "signs" });
    box.replaceChildren(
      element("div", { class: "judged" }, subject.title, subject.badge), subject.sentence,
      element("figure", {}, element("figcaption", {}, "Overall cooperation, from −1 to 1. The line is the median of the runs; the bands hold 50, 80 and 95\u00a0% of them. Of the base: a dashed median, and a thin outline around 80\u00a0% of its runs. Dotted: the level at the opening."), subject.fan),
      element("figure", {}, element("figcaption", {}, "Difference from the base, run by run. Chance is the same on both sides of a run, so that the difference is what the changes do."), subject.difference),
      subject.events);
    cards.forEach((one) => [one.fanChart, one.differenceChart].forEach((made) => made?.remove()));
    cards = new Map();
    arranged = null;
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
    const drawn = [], told = [];
    place.classList.remove("waits");
    const watched = app.opened.scenario.pairs.filter((one) => one.watched && one.pair !== pair && message.pairs[one.pair]).map((one) => one.pair);
    for (const one of message.pairs[pair] ? [pair, ...watched] : watched) {
      const shown = one === pair ? subject : card(one);
      drawn.push(...draw(shown, one, message));
      told.push(shown);
    }
    arrange(watched);
    return Promise.all(drawn).then(() => {
      if (app.picture !== message) return;
      told.forEach(tell);
      if (message.pairs[pair]) listEvents(message.pairs[pair].events);
    });
  }

  // Cards in the order of the scenario, whichever was the subject before.
  function arrange(watched) {
    if (watched.join() === arranged) return;
    arranged = watched.join();
    for (const [name, { box }] of cards) box.hidden = !watched.includes(name);
    at("cards").append(...watched.map((name) => cards.get(name).box));
    at("cards").parentElement.hidden = !watched.length;
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
  // In another width, numbers above fans may need other rows.
  new ResizeObserver(() => {
    for (const shown of [subject, ...cards.values()]) {
      if (!shown?.told || shown.fan.clientWidth === shown.clientWidth) continue;
      const above = shown.above, events = marks(shown, shown.told.message.pairs[shown.told.pair].events);
      shown.fanChart.update({ data: { events }, resize: above !== shown.above });
    }
  }).observe(place);

  return {
    open(opened) {
      const groups = [["Watched", true], ["All other pairs", false]].map(([label, watched]) =>
        element("optgroup", { label }, ...opened.scenario.pairs.filter((one) => Boolean(one.watched) === watched).map((one) => new Option(one.title, one.pair))));
      pick.replaceChildren(...groups.filter((one) => one.children.length));
      const made = JSON.stringify([opened.scenario.file, opened.charts]);
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
