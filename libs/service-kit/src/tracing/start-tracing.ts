import type { Health } from "../health.js";
import type { Closer } from "../lifecycle/stop-sequence.js";
import type { LogLine } from "../logger.js";
import type { Build, Metrics } from "../metrics.js";
import type { SettingsOf } from "../settings/setting.js";
import type { tracingSettings } from "../settings/tracing-settings.js";
import type { Tracer } from "./tracer.js";

export interface TracingOptions {
  /** The service. */
  readonly name: string;
  readonly instance: string;
  readonly build: Build;
  readonly settings: SettingsOf<typeof tracingSettings>;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly logger: Readonly<Record<"info" | "warn", LogLine>>;
}

export interface Tracing {
  readonly tracer: Tracer;
  /** Exports what has been recorded, for two seconds at most. */
  readonly close: Closer;
}

/** Undefined without OTEL_EXPORTER_OTLP_ENDPOINT. OpenTelemetry's packages are loaded here and only when there is one. */
export async function startTracing(options: TracingOptions): Promise<Tracing | undefined> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } = options.settings;
  if (endpoint === undefined) return undefined;
  const { createOtlpTracing } = await import("./otlp-tracing.js");
  return createOtlpTracing(endpoint, options);
}
