// Step mode: one run of the ensemble, month by month, with each state's numbers.

export function stepping(place, app) {
  return { open() {}, show() {} };
}
