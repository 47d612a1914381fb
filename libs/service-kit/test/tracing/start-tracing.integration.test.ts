import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { createHealth, createMetrics, loadSettings, newSpanId } from "../../src/index.js";
import { tracingSettings } from "../../src/settings/tracing-settings.js";
import { startTracing } from "../../src/tracing/start-tracing.js";

test("drops and counts the spans that there is no room for while a collector hangs, and closes when told to hurry", async (t) => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const warnings: [object, string][] = [];
  const metrics = createMetrics("sample");
  const tracing = await startTracing({
    name: "sample",
    instance: "i-1",
    build: {},
    settings: loadSettings(tracingSettings, { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` }),
    metrics,
    health: createHealth(),
    logger: { info: () => {}, warn: (...line) => warnings.push(line) },
  });
  const span = {
    name: "a",
    kind: "client",
    traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
    startMs: 1,
    endMs: 2,
  } as const;
  for (let count = 0; count < 5_000; count++) tracing?.tracer.record({ ...span, spanId: newSpanId(), attributes: {} });
  assert.match(await metrics.render(), /^sensealerts_trace_spans_total\{result="dropped"\} 904$/m);

  await tracing?.close(AbortSignal.abort());
  assert.deepEqual(warnings, [
    [{ collector: `http://127.0.0.1:${port}`, spans: 4_096 }, "spans are lost: the time for the stop is over"],
  ]);
});
