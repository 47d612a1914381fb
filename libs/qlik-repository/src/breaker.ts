import type { BreakerOptions } from "./options.js";

export type Breaker = {
  /** Whether a request may go out now. Who gets true must report what came of it, by `passed`, `failed` or `dropped`. */
  enter(): boolean;
  passed(): void;
  /** The pause in milliseconds when this failure opened it; undefined otherwise. */
  failed(): number | undefined;
  /** Nothing was learned of QRS. */
  dropped(): void;
  isOpen(): boolean;
};

type Clock = { readonly nowMs?: () => number; readonly random?: () => number };

/**
 * Closed until so many failures in a row; then open for a pause, after which one probe at a time may go out. A probe that fails
 * doubles the pause, any success closes it. Pauses are drawn from the upper half, so that replicas do not come back together.
 */
export function createBreaker(
  { failures = 5, minPauseMs = 1_000, maxPauseMs = 30_000 }: BreakerOptions = {},
  { nowMs = () => performance.now(), random = Math.random }: Clock = {},
): Breaker {
  let inARow = 0;
  let pauses = 0;
  let openUntilMs: number | undefined;
  let probing = false;

  function open(): number {
    const pauseMs = Math.min(minPauseMs * 2 ** pauses, maxPauseMs) * (0.5 + random() / 2);
    pauses++;
    probing = false;
    openUntilMs = nowMs() + pauseMs;
    return pauseMs;
  }

  return {
    enter() {
      if (openUntilMs === undefined) return true;
      if (probing || nowMs() < openUntilMs) return false;
      probing = true;
      return true;
    },
    passed() {
      inARow = 0;
      pauses = 0;
      probing = false;
      openUntilMs = undefined;
    },
    failed() {
      if (openUntilMs === undefined) return ++inARow >= failures ? open() : undefined;
      // What went out before it opened tells nothing new.
      return probing ? open() : undefined;
    },
    dropped() {
      probing = false;
    },
    isOpen: () => openUntilMs !== undefined,
  };
}
