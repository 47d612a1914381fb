/** Whether a consumer has stopped in spite of everything. */
export type Watchdog = {
  /** A delivery was completed, or none is wanted now. */
  reset(): void;
  /** To be called now and then; `waiting` is whether NATS has messages that it has not delivered. */
  isStalled(): boolean;
  /** Called with each check. */
  check(nowMs: number, isWanted: boolean): void;
};

/**
 * Counts as stalled when messages wait, none was completed for `stallMs`, and deliveries were wanted all the time. Asks
 * NATS for what waits only once that long has passed.
 */
export function createWatchdog(stallMs: number, messagesWait: () => Promise<boolean>, onStalled: () => void): Watchdog {
  let sinceMs = performance.now();
  let isAsking = false;
  let isStalled = false;

  function reset(): void {
    sinceMs = performance.now();
    isStalled = false;
  }

  async function ask(): Promise<void> {
    isAsking = true;
    const askedSinceMs = sinceMs;
    const wait = await messagesWait();
    isAsking = false;
    if (sinceMs !== askedSinceMs) return;
    if (!wait) return reset();
    sinceMs = performance.now();
    isStalled = true;
    onStalled();
  }

  return {
    reset,
    isStalled: () => isStalled,
    check: (nowMs, isWanted) => {
      if (!isWanted) reset();
      else if (nowMs - sinceMs > stallMs && !isAsking) void ask();
    },
  };
}
