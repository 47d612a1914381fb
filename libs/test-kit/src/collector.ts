import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { cleanUpAfter, type Scope } from "./clean-up.js";

export interface CollectedSpan {
  readonly name: string;
  /** Of OTLP's numbers: 3 = client, 4 = producer, 5 = consumer. */
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first of a trace. */
  readonly parentSpanId: string;
  /** Nanoseconds since 1970. */
  readonly start: bigint;
  readonly end: bigint;
  /** 2 = error. */
  readonly status: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** What the service says of itself. */
  readonly resource: Readonly<Record<string, unknown>>;
}

export interface CollectedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Collector {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  /** Everything that was sent so far; grows. */
  readonly requests: readonly CollectedRequest[];
  /** The spans so far, with OTEL_EXPORTER_OTLP_PROTOCOL=http/json. */
  spans(): CollectedSpan[];
}

export interface CollectorOptions {
  /** 200 if left out; undefined = requests are taken and never answered. */
  readonly status?: number | undefined;
}

/** Stands in for an OpenTelemetry collector: takes OTLP over HTTP on 127.0.0.1 until the scope ends. */
export async function startCollector(t: Scope, options: CollectorOptions = {}): Promise<Collector> {
  const { status } = { status: 200, ...options };
  const requests: CollectedRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      requests.push({ path: request.url ?? "", headers: request.headers, body: Buffer.concat(chunks) });
      if (status !== undefined) response.writeHead(status, { "content-type": "application/json" }).end("{}");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUpAfter(t, () => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    spans: () => requests.flatMap(({ body }) => spansIn(JSON.parse(body.toString("utf8")))),
  };
}

interface KeyValue {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** ExportTraceServiceRequest as JSON: ids in hexadecimal digits, 64-bit numbers as text. https://opentelemetry.io/docs/specs/otlp/ */
interface ExportRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly name: string;
        readonly kind: number;
        readonly traceId: string;
        readonly spanId: string;
        readonly parentSpanId?: string;
        readonly startTimeUnixNano: string;
        readonly endTimeUnixNano: string;
        readonly status?: { readonly code?: number };
        readonly attributes: readonly KeyValue[];
      }[];
    }[];
  }[];
}

function spansIn({ resourceSpans }: ExportRequest): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans
      .flatMap(({ spans }) => spans)
      .map(({ name, kind, traceId, spanId, parentSpanId = "", startTimeUnixNano, endTimeUnixNano, ...rest }) => ({
        name,
        kind,
        traceId,
        spanId,
        parentSpanId,
        start: BigInt(startTimeUnixNano),
        end: BigInt(endTimeUnixNano),
        status: rest.status?.code ?? 0,
        attributes: valuesOf(rest.attributes),
        resource: valuesOf(resource.attributes),
      })),
  );
}

/** Of each pair the one value that it has, whatever its type is called. */
function valuesOf(pairs: readonly KeyValue[]): Record<string, unknown> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, Object.values(value)[0]]));
}
