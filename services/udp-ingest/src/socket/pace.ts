/** How many datagrams come in a millisecond, from how many came since it was asked last. */
export type Pace = (came: number, nowMs: number) => number;

/** Calculates again when `windowMs` have passed; after a pause what came counts as received within `longestMs`. */
export function createPace(windowMs: number, longestMs = 4 * windowMs): Pace {
  let sinceMs = Number.NEGATIVE_INFINITY;
  let seen = 0;
  let perMs = 0;
  return (came, nowMs) => {
    seen += came;
    const elapsedMs = nowMs - sinceMs;
    if (elapsedMs >= windowMs) {
      perMs = seen / Math.min(elapsedMs, longestMs);
      seen = 0;
      sinceMs = nowMs;
    }
    return perMs;
  };
}
