/** A token bucket: `burst` attempts at once, then one per `everyMs`. */
export type AttemptLimit = {
  /** How long the next attempt has to wait. */
  waitMs(): number;
  take(): void;
};

export function createAttemptLimit({
  burst,
  everyMs,
}: {
  readonly burst: number;
  readonly everyMs: number;
}): AttemptLimit {
  let tokens = burst;
  let atMs = performance.now();

  function refill(): void {
    const nowMs = performance.now();
    tokens = Math.min(burst, tokens + (nowMs - atMs) / everyMs);
    atMs = nowMs;
  }

  return {
    waitMs: () => {
      refill();
      return Math.max(0, (1 - tokens) * everyMs);
    },
    take: () => {
      refill();
      tokens--;
    },
  };
}
