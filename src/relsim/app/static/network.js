// The network of states: ties by colour, months to scrub through, and what draws a pair.

export function network(place, app) {
  return { open() {}, show() {} };
}
