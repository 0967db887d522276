// Fans of the subject and of the watched pairs, with the pair and the month that are asked for.

import { button, element } from "./elements.js";
import { PairCharts } from "./pair_charts.js";

const OF_FAN = "Overall cooperation, from −1 to 1. The line is the median of the runs; the bands hold 50, 80 and 95\u00a0% of them. " +
  "Of the base: a dashed median, and a thin outline around 80\u00a0% of its runs. Dotted: the level at the opening.";
const OF_DIFFERENCE = "Difference from the base, run by run. Chance is the same on both sides of a run, so that the difference is what the changes do.";

export class Futures {
  constructor(place, app) {
    Object.assign(this, { place, app });
    const at = (id) => place.querySelector(`#${id}`);
    this.pick = at("pair");
    this.month = at("month");
    this.monthSays = at("month-says");
    this.subjectBox = at("subject");
    this.cardsBox = at("cards");
    this.subject = null;
    this.cards = new Map(); // pair → what shows it
    this.arranged = null; // the pairs of the cards that are shown
    this.built = null; // the definitions that the charts were made of
    this.month.addEventListener("input", () => {
      app.drag({ month: this.chosenMonth() });
      this.showAsked();
    });
    this.month.addEventListener("change", () => app.set({ month: this.chosenMonth() }));
    this.pick.addEventListener("change", () => app.set({ pair: this.pick.value }));
    new ResizeObserver(() => [this.subject, ...this.cards.values()].forEach((one) => one?.fit())).observe(place);
  }

  open(opened) {
    const groups = [["Watched", true], ["All other pairs", false]].map(([label, watched]) =>
      element("optgroup", { label }, ...opened.scenario.pairs.filter((one) => Boolean(one.watched) === watched).map((one) => new Option(one.title, one.pair))));
    this.pick.replaceChildren(...groups.filter((one) => one.children.length));
    const made = JSON.stringify([opened.scenario.file, opened.charts]);
    if (made !== this.built) {
      this.place.classList.add("waits");
      this.build();
    }
    this.built = made; // with another base, charts stay
    this.showAsked();
  }

  // The promise ends when what can be seen shows the picture.
  async show(message) {
    if (message.type === "state") this.showAsked();
    if (message.type !== "picture") return;
    const { app } = this, { pair } = app.state;
    this.place.classList.remove("waits");
    const watched = app.opened.scenario.pairs.filter((one) => one.watched && one.pair !== pair && message.pairs[one.pair]).map((one) => one.pair);
    const shown = watched.map((one) => [one, this.card(one)]);
    if (message.pairs[pair]) shown.unshift([pair, this.subject]);
    const drawn = shown.flatMap(([one, charts]) => charts.draw(one, message));
    this.arrange(watched);
    await Promise.all(drawn);
    if (app.picture !== message) return;
    for (const [, charts] of shown) charts.tell();
    if (message.pairs[pair]) this.listEvents(message.pairs[pair].events);
  }

  // --- the pairs

  build() {
    const { charts } = this.app.opened;
    for (const one of [this.subject, ...this.cards.values()]) one?.remove();
    this.cards = new Map();
    this.arranged = null;
    this.cardsBox.replaceChildren();
    const subject = new PairCharts(this.app, { fan: charts.fan, difference: charts.difference }, element("h2"));
    this.subject = subject;
    this.events = element("ul", { class: "signs" });
    this.subjectBox.replaceChildren(
      element("div", { class: "judged" }, subject.title, subject.badge), subject.sentence,
      element("figure", {}, element("figcaption", {}, OF_FAN), subject.fan),
      element("figure", {}, element("figcaption", {}, OF_DIFFERENCE), subject.difference),
      this.events);
  }

  card(pair) {
    if (this.cards.has(pair)) return this.cards.get(pair);
    const { charts } = this.app.opened;
    const choose = button("", () => {
      this.app.set({ pair });
      this.subjectBox.scrollIntoView({ block: "nearest" });
    }, { class: "choose" });
    const made = new PairCharts(this.app, { fan: charts.small_fan, difference: charts.small_difference }, choose);
    made.box = element("article", { class: "card", "aria-busy": "false" },
      element("div", { class: "judged" }, element("h3", {}, choose), made.badge), made.fan, made.difference, made.sentence);
    this.cardsBox.append(made.box);
    this.cards.set(pair, made);
    return made;
  }

  // Cards in the order of the scenario, whichever was the subject before.
  arrange(watched) {
    if (watched.join() === this.arranged) return;
    this.arranged = watched.join();
    for (const [name, { box }] of this.cards) box.hidden = !watched.includes(name);
    this.cardsBox.append(...watched.map((name) => this.cards.get(name).box));
    this.cardsBox.parentElement.hidden = !watched.length;
  }

  // What the marks of the subject's fan stand for.
  listEvents(events) {
    const key = JSON.stringify(events ?? []);
    if (this.events.dataset.key === key) return;
    this.events.dataset.key = key;
    this.events.replaceChildren(...(events ?? []).map((one) => element("li", {}, element("b", {}, one.sign), ` ${one.label}, ${this.app.monthName(one.time)}`)));
  }

  // --- the pair and the month that are asked for

  showAsked() {
    const { app, month } = this;
    if (!app.opened) return;
    this.pick.value = app.state.pair;
    const end = app.months.length - 1;
    const n = app.state.month ? app.months.indexOf(app.state.month) : end;
    month.max = end;
    if (month.valueAsNumber !== n) month.value = n;
    const text = app.monthName(app.months[n]) + (n === end ? " (the end)" : "");
    month.setAttribute("aria-valuetext", text);
    this.monthSays.textContent = text;
  }

  // None is the end.
  chosenMonth() {
    const { months } = this.app, n = this.month.valueAsNumber;
    return n === months.length - 1 ? null : months[n];
  }
}
