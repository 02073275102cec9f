// What outlives a reload. A browser may refuse to keep anything; then nothing is kept.

/** Returns what was kept in a storage (`localStorage`, `sessionStorage`), or null. */
export function recall(storage, key) {
  try {
    return JSON.parse(globalThis[storage].getItem(`desk.${key}`));
  } catch {
    return null;
  }
}

export function keep(storage, key, value) {
  try {
    globalThis[storage].setItem(`desk.${key}`, JSON.stringify(value));
  } catch {
    // The desk works without.
  }
}
