/** Tells how much later than to the other replicas a message may have come to this one. */
export type Lateness = {
  /** Milliseconds, 0 as a rule: more right after this process stood still or was cut off from the broker. */
  now(): number;
  /** The broker was away for so long, and may now hand over what it kept. */
  wasAway(ms: number): void;
  close(): void;
};

const tickMs = 250;
const standstillMs = 1_000;
/** What waited in between is handed over within this time. */
const catchUpMs = 10_000;

export function watchLateness(clockMs: () => number = () => performance.now()): Lateness {
  let lastMs = clockMs();
  let lateMs = 0;
  let untilMs = 0;

  function late(ms: number): void {
    const nowMs = clockMs();
    lateMs = nowMs < untilMs ? Math.max(lateMs, ms) : ms;
    untilMs = nowMs + catchUpMs;
  }

  function look(): void {
    const nowMs = clockMs();
    const gapMs = nowMs - lastMs;
    lastMs = nowMs;
    if (gapMs > standstillMs) late(gapMs);
  }

  const ticker = setInterval(look, tickMs);
  ticker.unref();
  return {
    now: () => {
      // After a standstill messages are read before timers run.
      look();
      return clockMs() < untilMs ? lateMs : 0;
    },
    wasAway: late,
    close: () => clearInterval(ticker),
  };
}
