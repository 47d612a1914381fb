/**
 * So many at once for each key, and then one every `refillMs`. Keys that were not used for the longest time are
 * forgotten beyond `mostKeys`, and have their full allowance again.
 */
export type AllowanceOptions = {
  readonly atOnce: number;
  readonly refillMs: number;
  readonly mostKeys: number;
  readonly nowMs?: () => number;
};

/** True = one was taken. */
export type Allowance = (key: string) => boolean;

export function createAllowance(options: AllowanceOptions): Allowance {
  const { atOnce, refillMs, mostKeys, nowMs = () => performance.now() } = options;
  const left = new Map<string, { readonly count: number; readonly atMs: number }>();
  return (key) => {
    const atMs = nowMs();
    const before = left.get(key);
    const count = before === undefined ? atOnce : Math.min(atOnce, before.count + (atMs - before.atMs) / refillMs);
    const taken = count >= 1;
    left.delete(key);
    left.set(key, { count: taken ? count - 1 : count, atMs });
    const [oldest] = left.keys();
    if (left.size > mostKeys && oldest !== undefined) left.delete(oldest);
    return taken;
  };
}
