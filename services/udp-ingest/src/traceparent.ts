import { randomBytes } from "node:crypto";

/** A new W3C trace context, sampled: `00-<32 hex>-<16 hex>-01`. https://www.w3.org/TR/trace-context/#traceparent-header */
export function newTraceparent(): string {
  const hex = randomBytes(24).toString("hex");
  return `00-${hex.slice(0, 32)}-${hex.slice(32)}-01`;
}
