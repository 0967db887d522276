// The line to the server: one change at a time is on its way, and a lost line is taken up again.

const FIRST_WAIT = 250, LONGEST_WAIT = 8000; // milliseconds until the line is tried again

export class Connection {
  // `told` has opened() for a line that stands, lost(milliseconds) and message(message).
  constructor(told) {
    this.told = told;
    this.number = 0; // of the last change sent
    this.pending = null; // the change whose first answer has not come
    this.next = null; // what is sent after it
    this.held = true; // until the scenario has been opened
    this.wait = FIRST_WAIT;
    this.connect();
  }

  connect() {
    const address = new URL("/socket", window.location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    this.socket = new WebSocket(address);
    this.socket.addEventListener("open", () => {
      this.wait = FIRST_WAIT;
      this.told.opened();
    });
    this.socket.addEventListener("message", (event) => this.receive(JSON.parse(event.data)));
    this.socket.addEventListener("close", () => this.lose());
  }

  get stands() {
    return this.socket.readyState === WebSocket.OPEN;
  }

  lose() {
    this.pending = null;
    this.held = true;
    this.told.lost(this.wait);
    window.setTimeout(() => this.connect(), this.wait);
    this.wait = Math.min(2 * this.wait, LONGEST_WAIT);
  }

  send(message) {
    if (this.stands) this.socket.send(JSON.stringify(message));
    return this.stands;
  }

  // Opens a scenario; changes wait until it is there.
  open(message) {
    this.held = true;
    this.pending = null;
    this.send(message);
  }

  // A change goes out at once, or replaces the one that waits for the answer to the last.
  change(message) {
    this.next = message;
    this.flush();
  }

  flush() {
    if (this.held || this.pending !== null || this.next === null || !this.stands) return;
    this.number += 1;
    this.pending = this.number;
    const message = { type: "change", number: this.number, ...this.next };
    this.next = null;
    this.told.sent(this.number);
    this.send(message);
  }

  receive(message) {
    const answered = message.number === this.pending && ["picture", "refused", "why"].includes(message.type);
    if (message.type === "opened") this.held = false;
    if (answered || message.type === "failed") this.pending = null;
    // The next change is on its way while this answer is being drawn.
    if (answered || message.type === "failed") this.flush();
    this.told.message(message);
    this.flush();
  }
}
