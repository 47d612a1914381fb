export interface BackoffOptions {
  readonly minMs: number;
  readonly maxMs: number;
  /** From 0 up to 1, as Math.random gives it. */
  readonly random?: () => number;
}

export interface Backoff {
  /** How long to wait before the next attempt, in milliseconds. */
  next(): number;
  /** After a success: the next failure waits briefly again. */
  reset(): void;
}

/**
 * Waiting times for attempts at a thing that fails: the ceiling doubles from `minMs` up to `maxMs`, and each wait is
 * drawn from its upper half, so that replicas that failed together do not come back together.
 */
export function backoff({ minMs, maxMs, random = Math.random }: BackoffOptions): Backoff {
  let ceilingMs = minMs;
  return {
    next() {
      const waitMs = ceilingMs * (0.5 + random() / 2);
      ceilingMs = Math.min(ceilingMs * 2, maxMs);
      return waitMs;
    },
    reset() {
      ceilingMs = minMs;
    },
  };
}
