/** Lets one report through per key and period, and tells it how many were held back since the last. */
export type Throttle = {
  /** The number held back since the last report, or undefined when this one is to be held back too. */
  take(key: string, nowMs: number): number | undefined;
};

type Entry = { lastMs: number; heldBack: number };

/**
 * Remembers `maxKeys` keys at most: a stranger may invent senders without end. The one that was reported longest ago makes
 * room once its period is over; until then a new key is held back too, and not counted.
 */
export function createThrottle(periodMs: number, maxKeys: number): Throttle {
  const entries = new Map<string, Entry>();
  return {
    take: (key, nowMs) => {
      const entry = entries.get(key);
      if (entry !== undefined && nowMs - entry.lastMs < periodMs) {
        entry.heldBack++;
        return undefined;
      }
      entries.delete(key);
      const [oldest] = entries;
      if (entries.size >= maxKeys && oldest !== undefined) {
        if (nowMs - oldest[1].lastMs < periodMs) return undefined;
        entries.delete(oldest[0]);
      }
      entries.set(key, { lastMs: nowMs, heldBack: 0 });
      return entry?.heldBack ?? 0;
    },
  };
}
