import { randomFillSync } from "node:crypto";

const bytesEach = 24;
/** Random bytes for many at once: asking for them costs more than they do. */
const pool = Buffer.alloc(bytesEach * 512);
let next = pool.length;

/**
 * A new W3C trace context, `00-<32 hex>-<16 hex>-01`, or `-00` at the end for the share of them that is not sampled.
 * https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function newTraceparent(sampledShare = 1): string {
  if (next === pool.length) {
    randomFillSync(pool);
    next = 0;
  }
  const hex = pool.toString("hex", next, next + bytesEach);
  next += bytesEach;
  const isSampled = sampledShare === 1 || Number.parseInt(hex.slice(24, 32), 16) < sampledShare * 2 ** 32;
  return `00-${hex.slice(0, 32)}-${hex.slice(32)}-${isSampled ? "01" : "00"}`;
}
