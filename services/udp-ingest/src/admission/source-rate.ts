/** Whether a source keeps to its share of datagrams. `nowMs` is of a monotonic clock. */
export type SourceRate = (address: string, nowMs: number) => boolean;

type Bucket = { tokens: number; filledMs: number };

/**
 * Lets each source send `perSecond` datagrams a second on the average, and so many at once after a pause. Sources
 * beyond the remembered ones have one share together, so that invented senders cannot make this grow nor push the real
 * ones out.
 */
export function createSourceRate(perSecond: number, maxSources = 1_000): SourceRate {
  const buckets = new Map<string, Bucket>();
  const others: Bucket = { tokens: perSecond, filledMs: 0 };

  function fill(bucket: Bucket, nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - bucket.filledMs);
    bucket.tokens = Math.min(perSecond, bucket.tokens + (elapsedMs * perSecond) / 1000);
    bucket.filledMs = nowMs;
  }

  /**
   * The source that has been quiet longest makes room once it has its whole share again: forgetting it changes nothing.
   */
  function makeRoom(nowMs: number): boolean {
    const [quietest] = buckets;
    if (quietest === undefined || buckets.size < maxSources) return true;
    const [address, bucket] = quietest;
    fill(bucket, nowMs);
    return bucket.tokens === perSecond && buckets.delete(address);
  }

  function bucketOf(address: string, nowMs: number): Bucket {
    const known = buckets.get(address);
    if (known === undefined && !makeRoom(nowMs)) return others;
    const bucket = known ?? { tokens: perSecond, filledMs: nowMs };
    // The map's order is the order of their last datagrams.
    buckets.delete(address);
    buckets.set(address, bucket);
    return bucket;
  }

  return (address, nowMs) => {
    const bucket = bucketOf(address, nowMs);
    fill(bucket, nowMs);
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  };
}
