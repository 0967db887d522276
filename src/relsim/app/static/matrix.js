// The matrix of all pairs: the opening below the diagonal, the month shown above it.

export function matrix(place, app) {
  return { open() {}, show() {} };
}
