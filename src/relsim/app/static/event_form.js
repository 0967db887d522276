// The form for an event of one's own: a push on a pair in a month.

import { choice, choices, element, write } from "./elements.js";
import { neverInWords } from "./event_row.js";
import { percent, signed } from "./words.js";

// Sizes of acts on the Goldstein scale (1992), at the model's 0.03 pull units for a point.
const HINTS = [[-0.3, "armed clash (−10)"], [-0.15, "rejection (−5)"], [-0.06, "criticism (−2)"], [0.06, "visit (+1.9)"],
  [0.15, "offer of mediation (+5)"], [0.24, "formal agreement (+8)"]];
const LONGEST_KEY = 60;
const HALF_LIVES = [["3 months", "3 months: words, aid"], ["6 months", "6 months: a meeting"], ["9 months", "9 months: a crisis"],
  ["1 year", "1 year: an agreement"], ["2 years", "2 years: works, programmes"]];

export class EventForm {
  constructor(app, add) {
    this.app = app;
    this.label = element("input", { type: "text", required: true, maxlength: 100, autocomplete: "off", placeholder: "Trade agreement" });
    this.from = choice([], "", () => this.describe());
    this.to = choice([], "", () => this.describe());
    this.ways = choice([], "-", () => this.describe());
    this.domain = choice([], "", () => this.describe());
    // A field of text where the browser knows no months.
    this.month = element("input", { type: "month", required: true, pattern: "\\d{4}-(0[1-9]|1[0-2])", placeholder: "2023-01", "aria-describedby": "add-event-never" });
    this.never = element("output", { id: "add-event-never", class: "never" });
    this.size = element("input", { type: "range", min: -1, max: 1, step: 0.01, value: 0.15 });
    this.sizeWords = element("output");
    this.halfLife = choice(HALF_LIVES, "9 months", () => this.describe());
    this.lasting = element("input", { type: "range", min: 0, max: 1, step: 0.05, value: 0.2 });
    this.lastingWords = element("output");
    this.notice = element("p", { class: "note", role: "status" });
    for (const input of [this.month, this.size, this.lasting]) input.addEventListener("input", () => this.describe());
    const field = (text, ...parts) => element("label", {}, element("span", {}, text), ...parts);
    this.fields = element("form", { class: "add-event" },
      field("Name", this.label), field("First state", this.from), field("Second state", this.to),
      field("Who changes", this.ways), field("Domain", this.domain), field("Month", this.month, this.never),
      field("Size of the push", this.size, this.sizeWords), field("Half of it is gone after", this.halfLife), field("Share that stays for good", this.lasting, this.lastingWords),
      element("button", { type: "submit", class: "main" }, "Add the event"), this.notice);
    this.fields.addEventListener("submit", (event) => { event.preventDefault(); this.submit(add); });
    this.summary = element("summary", {}, "Add an event");
    this.made = element("details", { class: "adding" }, this.summary,
      element("p", { class: "note" }, "An event pushes what states show each other. A lasting push of +0.10 raises it by about 0.10 where it is near 0; " +
        "under the slider stands an act of about that size, with its points on the Goldstein scale."),
      this.fields);
  }

  open() {
    const { states, pairs, domains } = this.app.opened.scenario;
    const rows = states.map(({ code, name }) => [code, name || code]);
    const [first, second] = (pairs.find((one) => one.watched) ?? pairs[0])?.pair.split("-") ?? [];
    choices(this.from, rows, first);
    choices(this.to, rows, second);
    choices(this.domain, [["", "all domains"], ...domains.map((one) => [one, one])], "");
    this.ways.value = "-";
    this.month.value = this.app.months[Math.round((this.app.months.length - 1) / 4)];
    this.describe();
  }

  focus() {
    if (this.made.open) this.label.focus();
    else this.summary.focus();
  }

  describe() {
    const [first, second] = [this.from.value, this.to.value].map(this.app.stateName);
    choices(this.ways, [["-", `${first} and ${second}`], [">", `${first} alone, towards ${second}`]], this.ways.value || "-");
    write(this.never, neverInWords(this.app, [this.month.value].filter(Boolean)));
    const size = this.size.valueAsNumber;
    const [, act] = HINTS.reduce((near, one) => (Math.abs(one[0] - size) < Math.abs(near[0] - size) ? one : near));
    const words = `${signed(size)} pull units${Math.abs(size) < 0.02 ? "" : `: ${act}`}`;
    write(this.sizeWords, words);
    this.size.setAttribute("aria-valuetext", words);
    write(this.lastingWords, percent(this.lasting.valueAsNumber));
    this.to.setCustomValidity(this.from.value === this.to.value ? "Choose two different states." : "");
  }

  submit(add) {
    const label = this.label.value.trim();
    const domain = this.domain.value ? `.${this.domain.value}` : "";
    const effect = {
      pulse: `${this.from.value}${this.ways.value}${this.to.value}${domain}`, size: this.size.valueAsNumber,
      half_life: this.halfLife.value, lasting: this.lasting.valueAsNumber,
    };
    add(this.keyFor(label), { label, at: [this.month.value], effects: [effect] });
    write(this.notice, `${label} is added, at the top of the list. ${this.never.textContent}`);
    this.label.value = "";
  }

  // A key of letters, digits and underscores that no event has.
  keyFor(label) {
    const plain = label.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "").slice(0, LONGEST_KEY);
    const stem = /^[a-z]/.test(plain) ? plain : `event_${plain}`.replace(/_$/, "");
    const taken = new Set([...this.app.opened.events.map((one) => one.event), ...Object.keys(this.app.state.changes).map((path) => path.split(".")[1])]);
    let key = stem;
    for (let n = 2; taken.has(key); n += 1) key = `${stem}_${n}`;
    return key;
  }
}
