const largestDriftMs = 1;
let offsetMs = Date.now() - performance.now();

/** Milliseconds since 1970 with fractions, for spans that are over within one: the time of day, and within 1 ms of it. */
export function spanClockMs(): number {
  const wallMs = Date.now();
  const fineMs = offsetMs + performance.now();
  if (Math.abs(fineMs - wallMs) <= largestDriftMs) return fineMs;
  // Somebody has set the clock, or the machine slept.
  offsetMs += wallMs - fineMs;
  return wallMs;
}
