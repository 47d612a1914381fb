import { SpanKind, SpanStatusCode, TraceFlags } from "@opentelemetry/api";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { type Resource, resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter } from "@opentelemetry/sdk-trace";
import { withoutLogin } from "../settings/url-settings.js";
import type { Tracing, TracingOptions } from "./start-tracing.js";
import type { FinishedSpan } from "./tracer.js";

/** What may wait for the collector: some 4 MB. */
const maxQueuedSpans = 4_096;
const maxBatchSpans = 512;
const batchDelayMs = 1_000;
/** For one batch, with the repetitions that OTLP asks for. */
const exportTimeoutMs = 5_000;
const flushMs = 2_000;
const warnEveryMs = 60_000;

/**
 * Spans go to the collector in batches, in the background. One that is away is a line in the log at most once a minute; its spans
 * are lost and counted, as are those that there is no room for. Nothing else waits for it or fails over it.
 */
export function createOtlpTracing(endpoint: string, options: TracingOptions): Tracing {
  const { settings, metrics, health, logger } = options;
  const resource = resourceOf(options);
  const exporter = exporterOf(endpoint, settings);
  const spans = metrics.counter({
    name: "sensealerts_trace_spans_total",
    help: "Spans by what became of them: exported, failed (the collector did not take them), or dropped (no room in the queue)",
    labelNames: ["result"],
  });
  for (const result of ["exported", "failed", "dropped"]) spans.inc({ result }, 0);
  let unsettled = 0;
  let failure: string | undefined;
  let isWarned = false;
  let warnedMs = Number.NEGATIVE_INFINITY;
  const collector = withoutLogin(endpoint);
  health.link("collector", { required: false, state: () => ({ up: failure === undefined, detail: failure }) });

  function settled(count: number, error: Error | undefined): void {
    unsettled -= count;
    spans.inc({ result: error === undefined ? "exported" : "failed" }, count);
    failure = error && reasonOf(error);
    if (failure === undefined) {
      if (isWarned) logger.info({ collector }, "the collector takes spans again");
      isWarned = false;
    } else if (!isWarned && performance.now() - warnedMs > warnEveryMs) {
      isWarned = true;
      warnedMs = performance.now();
      logger.warn({ collector, reason: failure }, "the collector does not take spans; they are lost, and alerts go on");
    }
  }

  const counted: SpanExporter = {
    export: (batch, done) =>
      exporter.export(batch, (result) => {
        const isTaken = result.code === 0;
        settled(batch.length, isTaken ? undefined : (result.error ?? new Error("no reason given")));
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
  };
  const processor = new BatchSpanProcessor({
    exporter: counted,
    maxQueueSize: maxQueuedSpans,
    maxExportBatchSize: maxBatchSpans,
    scheduledDelayMillis: batchDelayMs,
  });

  return {
    tracer: {
      record: (span) => {
        if (unsettled >= maxQueuedSpans) return spans.inc({ result: "dropped" });
        unsettled++;
        processor.onEnd(readable(span, resource));
      },
    },
    close: async (hurry) => {
      // It rejects with what `settled` was told already.
      const flushed = processor.shutdown().catch(() => undefined);
      await Promise.race([flushed, over(hurry)]);
      if (unsettled > 0) logger.warn({ collector, spans: unsettled }, "spans are lost: the time for the stop is over");
    },
  };
}

function resourceOf({ name, instance, build, settings }: TracingOptions): Resource {
  return resourceFromAttributes({
    "service.namespace": "sense-alerts",
    "service.version": build.version,
    "service.instance.id": instance,
    ...settings.OTEL_RESOURCE_ATTRIBUTES,
    "service.name": settings.OTEL_SERVICE_NAME ?? settings.OTEL_RESOURCE_ATTRIBUTES?.["service.name"] ?? name,
  });
}

function exporterOf(endpoint: string, settings: TracingOptions["settings"]): SpanExporter {
  const { OTEL_EXPORTER_OTLP_PROTOCOL: protocol, OTEL_EXPORTER_OTLP_HEADERS: headers = {} } = settings;
  const Exporter = protocol === "http/json" ? JsonExporter : ProtobufExporter;
  const url = new URL(endpoint);
  url.pathname = `${url.pathname.replace(/\/$/, "")}/v1/traces`;
  return new Exporter({ url: url.href, headers: { ...headers }, timeoutMillis: exportTimeoutMs });
}

const kinds = { consumer: SpanKind.CONSUMER, producer: SpanKind.PRODUCER, client: SpanKind.CLIENT } as const;
const scope = { name: "sense-alerts" };

function readable(span: FinishedSpan, resource: Resource): ReadableSpan {
  const { name, traceId, spanId, parentSpanId, startMs, error } = span;
  const endMs = Math.max(span.endMs, startMs);
  const contextOf = (id: string) => ({ traceId, spanId: id, traceFlags: TraceFlags.SAMPLED });
  const context = contextOf(spanId);
  return {
    name,
    kind: kinds[span.kind],
    spanContext: () => context,
    ...(parentSpanId !== undefined && { parentSpanContext: contextOf(parentSpanId) }),
    startTime: hrTime(startMs),
    endTime: hrTime(endMs),
    duration: hrTime(endMs - startMs),
    status: { code: error === undefined ? SpanStatusCode.UNSET : SpanStatusCode.ERROR },
    attributes: error === undefined ? span.attributes : { ...span.attributes, "error.type": error },
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** Whole seconds, and nanoseconds. */
function hrTime(ms: number): [number, number] {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.floor((ms - seconds * 1_000) * 1_000_000)];
}

/** A refused connection to a name with several addresses has a code and no message. */
function reasonOf(error: Error): string {
  const code = "code" in error ? String(error.code) : "";
  return [code, error.message].filter((part) => part !== "").join(" ");
}

function over(hurry: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, flushMs);
    if (hurry.aborted) resolve();
    hurry.addEventListener("abort", () => resolve(), { once: true });
  });
}
