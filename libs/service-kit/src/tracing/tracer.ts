/** A span that is over, told after the fact. */
export interface FinishedSpan {
  /** What was done, and to what: `publish sense.task.failed`. Few different ones. */
  readonly name: string;
  /** Of OpenTelemetry's kinds: `producer` made the context that the message carries; `client` asked somebody. */
  readonly kind: "consumer" | "producer" | "client";
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined for the first of a trace. */
  readonly parentSpanId?: string;
  /** Milliseconds since 1970, with fractions. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** What went wrong, as one word; it becomes `error.type`. */
  readonly error?: string | undefined;
}

/** Where the parts of a service tell what they did. Never throws and never waits; what there is no room for is dropped and counted. */
export interface Tracer {
  record(span: FinishedSpan): void;
}
