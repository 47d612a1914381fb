import { randomBytes } from "node:crypto";

/** Where a span stands. Ids in lower-case hexadecimal digits. */
export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
  /** Whether its spans are to be recorded: who began the trace has decided that for all. */
  readonly sampled: boolean;
}

const form = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Reads a W3C trace context, version 00; undefined for anything else. https://www.w3.org/TR/trace-context/#traceparent-header */
export function readTraceparent(text: string | undefined): TraceContext | undefined {
  const [, traceId, spanId, flags] = form.exec(text ?? "") ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags ?? "", 16) & 1) === 1 };
}

export function newSpanId(): string {
  return randomBytes(8).toString("hex");
}
