import type { BreakerOptions } from "./options.js";

/** Leave for one request. Who got it says once what came of it. */
export type Leave = {
  passed(): void;
  /** The pause in milliseconds when this failure began one; undefined otherwise. */
  failed(): number | undefined;
  /** Nothing was learned of QRS. */
  dropped(): void;
};

export type Breaker = {
  /** Undefined = no request may go out now. */
  enter(): Leave | undefined;
  isOpen(): boolean;
};

type Clock = { readonly nowMs?: () => number; readonly random?: () => number };

/**
 * Closed until so many failures in a row; then open for a pause, after which one probe at a time may go out. A probe
 * that fails doubles the pause, any success closes it. Pauses are drawn from the upper half, so that replicas do not
 * come back together.
 */
export function createBreaker(
  { failures = 5, minPauseMs = 1_000, maxPauseMs = 30_000 }: BreakerOptions = {},
  { nowMs = () => performance.now(), random = Math.random }: Clock = {},
): Breaker {
  let inARow = 0;
  let pauses = 0;
  let openUntilMs: number | undefined;
  let probe: Leave | undefined;

  function open(): number {
    const pauseMs = Math.min(minPauseMs * 2 ** pauses, maxPauseMs) * (0.5 + random() / 2);
    pauses++;
    openUntilMs = nowMs() + pauseMs;
    return pauseMs;
  }

  function passed(): void {
    inARow = 0;
    pauses = 0;
    probe = undefined;
    openUntilMs = undefined;
  }

  const ordinary: Leave = {
    passed,
    // What went out before it opened tells nothing new.
    failed: () => (openUntilMs === undefined && ++inARow >= failures ? open() : undefined),
    dropped: () => {},
  };

  function newProbe(): Leave {
    const own: Leave = {
      passed,
      failed() {
        if (probe !== own) return undefined;
        probe = undefined;
        return open();
      },
      dropped() {
        if (probe === own) probe = undefined;
      },
    };
    return own;
  }

  return {
    enter() {
      if (openUntilMs === undefined) return ordinary;
      if (probe !== undefined || nowMs() < openUntilMs) return undefined;
      probe = newProbe();
      return probe;
    },
    isOpen: () => openUntilMs !== undefined,
  };
}
