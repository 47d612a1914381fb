import { randomFillSync } from "node:crypto";

const bytesEach = 24;
/** Random bytes for many at once: asking for them costs more than they do. */
const pool = Buffer.alloc(bytesEach * 512);
let next = pool.length;

/**
 * A new W3C trace context, `00-<32 hex>-<16 hex>-01`: whoever records spans is asked to record this trace.
 * https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function newTraceparent(): string {
  if (next === pool.length) {
    randomFillSync(pool);
    next = 0;
  }
  const hex = pool.toString("hex", next, next + bytesEach);
  next += bytesEach;
  return `00-${hex.slice(0, 32)}-${hex.slice(32)}-01`;
}

const form = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Whether the text is a W3C trace context, version 00. */
export function isTraceparent(text: string): boolean {
  return form.test(text);
}
