/** Lets one report through per key and period. */
export type Throttle = {
  /**
   * How many reports with this key were suppressed since the last one; undefined if this one is to be suppressed too.
   */
  take(key: string): number | undefined;
  /** The same, for who does not need the number. */
  passes(key: string): boolean;
  /** From now on every key is new. */
  forget(): void;
};

type Entry = { lastMs: number; suppressed: number };

/**
 * Remembers at most `maxKeys` keys, because anyone may invent senders. The key that was reported longest ago makes room
 * once its period is over. Until then a new key is suppressed and not counted. The clock is monotonic: with the clock
 * of the day, setting it back would suppress everything until it had caught up.
 */
export function createThrottle(
  periodMs: number,
  maxKeys: number,
  now: () => number = () => performance.now(),
): Throttle {
  const entries = new Map<string, Entry>();

  function take(key: string): number | undefined {
    const nowMs = now();
    const entry = entries.get(key);
    if (entry !== undefined && nowMs - entry.lastMs < periodMs) {
      entry.suppressed++;
      return undefined;
    }
    entries.delete(key);
    const [oldest] = entries;
    if (entries.size >= maxKeys && oldest !== undefined) {
      if (nowMs - oldest[1].lastMs < periodMs) return undefined;
      entries.delete(oldest[0]);
    }
    entries.set(key, { lastMs: nowMs, suppressed: 0 });
    return entry?.suppressed ?? 0;
  }

  return { take, passes: (key) => take(key) !== undefined, forget: () => entries.clear() };
}
