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
 * How long to wait after attempt number `attempt`, counted from 0, in milliseconds. The ceiling doubles from `minMs` to
 * `maxMs`, and each wait is drawn from its upper half, so that replicas that failed together do not come back together.
 */
export function backoffMs(attempt: number, { minMs, maxMs, random = Math.random }: BackoffOptions): number {
  const ceilingMs = Math.min(minMs * 2 ** attempt, maxMs);
  return ceilingMs * (0.5 + random() / 2);
}

/** The same, for one thing that is attempted again and again. */
export function backoff(options: BackoffOptions): Backoff {
  let attempt = 0;
  return {
    next: () => backoffMs(attempt++, options),
    reset: () => {
      attempt = 0;
    },
  };
}
