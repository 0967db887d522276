// The connection to the server: one change at a time is on its way; a lost connection is made again.

const FIRST_WAIT = 250, LONGEST_WAIT = 8000; // milliseconds until it is made again

export class Connection {
  // `handlers` are opened(), lost(milliseconds until the next attempt), sent(number) and message(message).
  constructor(handlers) {
    this.handlers = handlers;
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
      this.handlers.opened();
    });
    this.socket.addEventListener("message", (event) => this.receive(JSON.parse(event.data)));
    this.socket.addEventListener("close", () => this.closed());
  }

  get isOpen() {
    return this.socket.readyState === WebSocket.OPEN;
  }

  closed() {
    this.pending = null;
    this.held = true;
    this.handlers.lost(this.wait);
    window.setTimeout(() => this.connect(), this.wait);
    this.wait = Math.min(2 * this.wait, LONGEST_WAIT);
  }

  send(message) {
    if (this.isOpen) this.socket.send(JSON.stringify(message));
    return this.isOpen;
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
    if (this.held || this.pending !== null || this.next === null || !this.isOpen) return;
    this.number += 1;
    this.pending = this.number;
    const message = { type: "change", number: this.number, ...this.next };
    this.next = null;
    this.handlers.sent(this.number);
    this.send(message);
  }

  receive(message) {
    if (message.type === "opened") this.held = false;
    const answered = message.number === this.pending && ["picture", "refused", "why"].includes(message.type);
    if (answered || message.type === "failed") {
      this.pending = null;
      this.flush(); // the next change is on its way while this answer is being drawn
    }
    this.handlers.message(message);
    this.flush();
  }
}
