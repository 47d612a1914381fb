import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  type CollectedSpan,
  type Collector,
  type Environment,
  eventually,
  freeTcpPort,
  type ServiceName,
  startCollector,
  startService,
  tempDir,
  uniqueName,
} from "@sense-alerts/test-kit";
import { alertOf, newTask, sendAlert } from "../src/alerts.js";
import { startServers, startStack } from "../src/stack.js";

const services: readonly ServiceName[] = ["udp-ingest", "mqtt-alerter"];
const [client, producer, consumer] = [3, 4, 5];
const failed = 2;

function exportingTo(collector: Collector, own: Environment = {}): Environment {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_EXPORTER_OTLP_PROTOCOL: "http/json", ...own };
}

/** The spans of a trace, the earlier first, once there are so many. */
function traceOf(collector: Collector, traceparent: string | undefined, count: number): Promise<CollectedSpan[]> {
  const [, traceId] = (traceparent ?? "").split("-");
  return eventually(
    () => {
      const spans = collector.spans().filter((span) => span.traceId === traceId);
      assert.equal(spans.length, count, spans.map(({ name }) => name).join(", "));
      return spans.toSorted((a, b) => Number(a.start - b.start));
    },
    { what: `${count} spans of ${traceId}` },
  );
}

function named(spans: readonly CollectedSpan[], name: string): CollectedSpan {
  return spans.find((span) => span.name === name) ?? assert.fail(`no span ${name}`);
}

function parentOf(spans: readonly CollectedSpan[], { parentSpanId, name }: CollectedSpan): CollectedSpan {
  return spans.find(({ spanId }) => spanId === parentSpanId) ?? assert.fail(`no parent of ${name}`);
}

test("one trace shows the datagram received, stored in JetStream, and both messages acknowledged by the broker", async (t) => {
  const collector = await startCollector(t);
  const { ingest, subscriber } = await startStack(t, {
    env: exportingTo(collector, { OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test" }),
    ingestEnv: { INSTANCE_ID: "ingest-a" },
    alerterEnv: { OTEL_SERVICE_NAME: "alerts-of-b", TASK_FAILURE_FULL_TOPIC: "qliksense/full/{taskName}" },
  });
  const { full, object } = await sendAlert(ingest, subscriber);
  const { traceparent } = full.userProperties;
  const spans = await traceOf(collector, traceparent, 6);

  const received = named(spans, "receive datagram");
  const stored = named(spans, "publish sense.task.failed");
  const basic = named(spans, "publish qliksense/task_failure");
  const object2 = named(spans, "publish qliksense/full/{taskName}");
  // Each lane has a span of its own.
  const processed = parentOf(spans, basic);
  const processedFull = parentOf(spans, object2);
  assert.deepEqual(
    [received, stored, processed, processedFull].map(({ name }) => name),
    ["receive datagram", "publish sense.task.failed", "process sense.task.failed", "process sense.task.failed"],
  );
  assert.deepEqual(
    [received, stored, processed, processedFull, basic, object2].map(({ parentSpanId, kind, status }) => [
      parentSpanId,
      kind,
      status,
    ]),
    [
      ["", consumer, 0],
      [received.spanId, producer, 0],
      [stored.spanId, consumer, 0],
      [stored.spanId, consumer, 0],
      [processed.spanId, client, 0],
      [processedFull.spanId, client, 0],
    ],
  );
  // What travels is the context of the span that stored the event.
  assert.equal(stored.spanId, traceparent?.split("-")[2]);
  assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, 6);
  for (const span of spans) assert.ok(span.start <= span.end && span.start >= received.start, span.name);
  assert.ok(processed.start >= stored.start && basic.start >= processed.start);

  assert.deepEqual(received.attributes, {
    "network.transport": "udp",
    "network.peer.address": "127.0.0.1",
    "cloudevents.event_id": object["eventId"],
    "cloudevents.event_type": "sense.task.failed",
    "sensealerts.result": "stored",
  });
  const { "messaging.message.body.size": bodySize, ...storing } = stored.attributes;
  assert.ok(Number(bodySize) > 500);
  assert.deepEqual(storing, {
    "messaging.system": "nats",
    "messaging.operation.name": "publish",
    "messaging.operation.type": "send",
    "messaging.destination.name": "sense.task.failed",
    "messaging.message.id": object["eventId"],
    "sensealerts.result": "stored",
  });
  assert.deepEqual(
    { ...processed.attributes, "sensealerts.deliveries": Number(processed.attributes["sensealerts.deliveries"]) },
    {
      "messaging.system": "nats",
      "messaging.operation.name": "process",
      "messaging.operation.type": "process",
      "messaging.destination.name": "sense.task.failed",
      "messaging.consumer.group.name": "mqtt-alerter-basic",
      "messaging.message.id": object["eventId"],
      "cloudevents.event_type": "sense.task.failed",
      "sensealerts.deliveries": 1,
      "sensealerts.outcome": "done",
    },
  );
  const sending = {
    "messaging.system": "mqtt",
    "messaging.operation.name": "publish",
    "messaging.operation.type": "send",
    "messaging.message.id": object["eventId"],
  };
  assert.deepEqual(basic.attributes, {
    ...sending,
    "messaging.destination.name": "qliksense/task_failure",
    "sensealerts.message.kind": "basic",
  });
  assert.deepEqual(object2.attributes, {
    ...sending,
    "messaging.destination.template": "qliksense/full/{taskName}",
    "sensealerts.message.kind": "full",
  });

  const { "service.version": version, ...resource } = received.resource;
  assert.match(String(version), /^\d+\.\d+\.\d+$/);
  assert.deepEqual(resource, {
    "service.namespace": "sense-alerts",
    "service.instance.id": "ingest-a",
    "service.name": "udp-ingest",
    "deployment.environment.name": "test",
  });
  assert.equal(processed.resource["service.name"], "alerts-of-b");
  assert.equal(
    JSON.stringify(collector.requests.map(({ body }) => body.toString())).includes(String(object["taskName"])),
    false,
  );
});

test("a repetition and a rejected datagram have traces of their own that say what became of them", async (t) => {
  const collector = await startCollector(t);
  const { send, subscriber } = await startStack(t, { env: exportingTo(collector) });
  const { taskName, datagram } = newTask();
  await send(datagram);
  await alertOf(subscriber, taskName);
  await send(datagram);
  await send(`/no-such-tag/;${uniqueName("host")}`);
  const [repeated, rejected] = await eventually(() => {
    const found = collector.spans().filter(({ name }) => name === "receive datagram");
    const duplicate = found.find(({ attributes }) => attributes["sensealerts.result"] === "duplicate");
    const refused = found.find(({ status }) => status === failed);
    return duplicate && refused ? ([duplicate, refused] as const) : assert.fail(`${found.length} datagrams`);
  });
  assert.equal((await traceOf(collector, `00-${repeated.traceId}`, 2)).length, 2);
  assert.deepEqual(rejected.attributes, {
    "network.transport": "udp",
    "network.peer.address": "127.0.0.1",
    "sensealerts.result": "stored",
    "error.type": "unknown-tag",
  });
  const spans = await traceOf(collector, `00-${rejected.traceId}`, 2);
  assert.equal(named(spans, "publish sense.rejected").parentSpanId, rejected.spanId);
});

test("spans go out as protobuf unless told otherwise, below the path of the collector, with the headers that are set", async (t) => {
  const collector = await startCollector(t);
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/tenant/`,
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20hunter2",
  };
  const { ingest, alerter, subscriber } = await startStack(t, { env: { ...env, LOG_LEVEL: "debug" } });
  const { full } = await sendAlert(ingest, subscriber);
  const traceId = Buffer.from(full.userProperties["traceparent"]?.split("-")[1] ?? "", "hex");
  await eventually(() =>
    assert.equal(collector.requests.filter(({ body }) => body.includes(traceId)).length, services.length),
  );
  for (const { path, headers } of collector.requests) {
    assert.equal(path, "/tenant/v1/traces");
    assert.equal(headers["content-type"], "application/x-protobuf");
    assert.equal(headers.authorization, "Bearer hunter2");
  }
  for (const service of [ingest, alerter]) assert.doesNotMatch(JSON.stringify(service.logs), /hunter2/);
});

test("a datagram that is not sampled has a trace context that says so, and no spans in either service", async (t) => {
  const collector = await startCollector(t);
  const { ingest, alerter, subscriber } = await startStack(t, {
    env: exportingTo(collector),
    ingestEnv: { OTEL_TRACES_SAMPLER_ARG: "0" },
  });
  const { full } = await sendAlert(ingest, subscriber);
  assert.match(full.userProperties["traceparent"] ?? "", /-00$/);
  await Promise.all([ingest.stop(), alerter.stop()]);
  assert.deepEqual(collector.spans(), []);
});

for (const [what, endpointFor] of [
  ["away", async () => `http://127.0.0.1:${await freeTcpPort()}`],
  ["hung", async (t: TestContext) => (await startCollector(t, { status: undefined })).url],
  ["refusing", async (t: TestContext) => (await startCollector(t, { status: 403 })).url],
] as const) {
  test(`alerts go on while the collector is ${what}, with one warning, and the services stop in time`, async (t) => {
    const { ingest, alerter, subscriber } = await startStack(t, {
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: await endpointFor(t) },
    });
    await sendAlert(ingest, subscriber);
    for (const service of [ingest, alerter]) {
      await eventually(
        async () => {
          const { body } = await service.readyz();
          assert.match(JSON.stringify(body), /"collector":\{"required":false,"up":false/);
          assert.notEqual(await service.metric("sensealerts_trace_spans_total", { result: "failed" }), 0);
        },
        { timeoutMs: 15_000 },
      );
      assert.equal((await service.readyz()).status, 200);
    }
    await sendAlert(ingest, subscriber);
    for (const service of [ingest, alerter]) {
      const { code, ms } = await service.stop();
      assert.equal(code, 0);
      assert.ok(ms < 4_000, `${ms} ms`);
      const warnings = service.logs.filter(({ msg }) => String(msg).startsWith("the collector does not take spans"));
      assert.equal(warnings.length, 1);
    }
  });
}

test("what was recorded last is exported when a service stops", async (t) => {
  const collector = await startCollector(t);
  const { ingest, alerter, subscriber } = await startStack(t, { env: exportingTo(collector) });
  const { full } = await sendAlert(ingest, subscriber);
  await Promise.all([ingest.stop(), alerter.stop()]);
  assert.equal((await traceOf(collector, full.userProperties["traceparent"], 6)).length, 6);
});

for (const name of services) {
  test(`${name} loads nothing of OpenTelemetry's but the API that prom-client brings, unless a collector is set`, async (t) => {
    const { env } = await startServers(t);
    const collector = await startCollector(t);
    for (const [own, isLoaded] of [
      [{}, false],
      [exportingTo(collector), true],
    ] as const) {
      const dir = tempDir(t);
      const [probe, list] = [join(dir, "probe.cjs"), join(dir, "modules.json")];
      const write = `require("node:fs").writeFileSync(${JSON.stringify(list)}, JSON.stringify(Object.keys(require.cache)))`;
      writeFileSync(probe, `process.on("exit", () => ${write});`);
      const service = await startService(t, name, { ...env, ...own }, { nodeArgs: ["-r", probe], waitFor: "ready" });
      await service.stop();
      const modules: string[] = JSON.parse(readFileSync(list, "utf8"));
      assert.ok(modules.some((path) => path.includes("/prom-client/")));
      const loaded = modules.filter((path) => /\/@opentelemetry\/(?!api\/)/.test(path));
      assert.equal(loaded.length > 0, isLoaded, loaded[0]);
    }
  });
}
