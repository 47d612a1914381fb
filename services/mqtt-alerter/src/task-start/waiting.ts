/**
 * The requests that wait for QRS, as far as this replica has seen them: bounded, so that no stranger makes them grow.
 */
export type Waiting = {
  /** False when too many wait already. */
  add(key: string, reason: string): boolean;
  reason(key: string): string | undefined;
  remove(key: string): void;
  count(): number;
};

const mostWaiting = 1_000;
/** One that was not seen for so long was answered by another replica. */
const forgottenMs = 30_000;

export function createWaiting(clockMs: () => number = () => performance.now()): Waiting {
  const entries = new Map<string, { readonly reason: string; readonly seenMs: number }>();

  function forget(): void {
    const nowMs = clockMs();
    for (const [key, { seenMs }] of entries) {
      if (nowMs - seenMs < forgottenMs) return;
      entries.delete(key);
    }
  }

  return {
    add: (key, reason) => {
      forget();
      // The oldest comes first.
      const known = entries.delete(key);
      if (!known && entries.size >= mostWaiting) return false;
      entries.set(key, { reason, seenMs: clockMs() });
      return true;
    },
    reason: (key) => entries.get(key)?.reason,
    remove: (key) => entries.delete(key),
    count: () => {
      forget();
      return entries.size;
    },
  };
}
