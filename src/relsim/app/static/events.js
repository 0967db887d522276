// The time line of events: switches, dates, chances, and events of one's own.

export function events(place, app) {
  return { open() {}, show() {} };
}
