import assert from "node:assert/strict";
import { after, type TestContext, test } from "node:test";
import {
  type Environment,
  eventually,
  type JszStream,
  type NatsServer,
  type Service,
  sendDatagram,
  startNats,
  startService,
} from "@sense-alerts/test-kit";
import { messagesOf, newTask, sendAlert } from "../src/alerts.js";
import { startServers, startStack } from "../src/stack.js";
import { subscribeNats } from "../src/subscribe-nats.js";

// One scope, so that services are stopped before the servers they talk to.
const file = { after };
const { nats, subscriber, env } = await startServers(file);

/** Both services on a stream and subjects of their own, so that the tests of this file share servers. */
function startBoth(t: TestContext, settings: Environment): Promise<[Service, Service]> {
  const both = { ...env, ...settings };
  return Promise.all([
    startService(t, "udp-ingest", both, { waitFor: "ready" }),
    startService(t, "mqtt-alerter", both, { waitFor: "ready" }),
  ]);
}

async function streamOf(server: NatsServer, name: string): Promise<JszStream> {
  return eventually(async () => {
    const stream = await server.stream(name);
    if (stream === undefined) throw new Error(`there is no stream ${name}`);
    return stream;
  });
}

const secondNs = 1_000_000_000;
const eventSubjects = [
  "task.failed",
  "task.aborted",
  "task.succeeded",
  "task.distributed",
  "engine.reload-failed",
  "ingest.status",
];
const streams = [
  {
    what: "with none of the NATS_STREAM settings the streams are those of the contract",
    settings: {},
    names: ["SENSE_EVENTS", "SENSE_REJECTED", "SENSE_DEAD_LETTERS"],
    prefix: "sense",
    events: { max_age: 168 * 3_600 * secondNs, max_bytes: 1_073_741_824, duplicate_window: 600 * secondNs },
  },
  {
    what: "NATS_STREAM, NATS_SUBJECT_PREFIX and the stream's bounds are what both services use",
    settings: {
      NATS_STREAM: "ACME_EVENTS",
      NATS_SUBJECT_PREFIX: "acme.north",
      NATS_STREAM_REPLICAS: "1",
      NATS_STREAM_MAX_AGE_HOURS: "5",
      NATS_STREAM_MAX_BYTES: "10485760",
      NATS_DEDUP_WINDOW_SECONDS: "120",
    },
    names: ["ACME_EVENTS", "ACME_REJECTED", "ACME_DEAD_LETTERS"],
    prefix: "acme.north",
    events: { max_age: 5 * 3_600 * secondNs, max_bytes: 10_485_760, duplicate_window: 120 * secondNs },
  },
];
for (const { what, settings, names, prefix, events } of streams) {
  test(what, async (t) => {
    const onNats = await subscribeNats(t, nats.port, `${prefix}.>`);
    const [ingest] = await startBoth(t, settings);
    await sendAlert(ingest, subscriber);
    await sendDatagram(await ingest.udpPort(), "/no-such-tag/;a;b");
    const [eventStream, rejectedStream, deadLetterStream] = await Promise.all(
      names.map((name) => streamOf(nats, name)),
    );
    const common = { retention: "limits", storage: "file", discard: "old", num_replicas: 1 };
    assertHas(eventStream?.config, { ...common, ...events, subjects: eventSubjects.map((s) => `${prefix}.${s}`) });
    assertHas(rejectedStream?.config, {
      ...common,
      max_age: 7 * 24 * 3_600 * secondNs,
      subjects: [`${prefix}.rejected`],
    });
    assertHas(deadLetterStream?.config, {
      ...common,
      max_age: 30 * 24 * 3_600 * secondNs,
      subjects: [`${prefix}.dead-letter`],
    });
    for (const stream of [rejectedStream, deadLetterStream])
      assert.ok(Number(stream?.config["max_bytes"]) > 0, "its bytes are bounded");
    const expected = [`${prefix}.ingest.status`, `${prefix}.task.failed`, `${prefix}.rejected`];
    await eventually(() => {
      const subjects = onNats.messages.map(({ subject }) => subject);
      assert.ok(
        expected.every((subject) => subjects.includes(subject)),
        subjects.join(),
      );
    });
    const types = onNats.messages.flatMap(({ subject, payload }) =>
      subject === `${prefix}.task.failed` ? [JSON.parse(payload.toString()).type] : [],
    );
    assert.deepEqual(types, ["sense.task.failed"], "the event's type is the same under any prefix");
  });
}

function assertHas(config: Readonly<Record<string, unknown>> | undefined, expected: Record<string, unknown>): void {
  const found = Object.fromEntries(Object.keys(expected).map((key) => [key, config?.[key]]));
  assert.deepEqual(found, expected);
}

test("a stream that is there keeps its bounds, and the service says which settings differ", async (t) => {
  const own = { NATS_STREAM: "KEPT_EVENTS", NATS_SUBJECT_PREFIX: "kept" };
  const first = await startService(t, "udp-ingest", { ...env, ...own });
  await eventually(() => assert.ok(first.logs.some((line) => line["msg"] === "nats is there")));
  const other = { NATS_STREAM_MAX_AGE_HOURS: "1", NATS_STREAM_MAX_BYTES: "2097152", NATS_DEDUP_WINDOW_SECONDS: "60" };
  const [ingest] = await startBoth(t, { ...own, ...other });
  await sendAlert(ingest, subscriber);
  const differing = ingest.logs
    .filter((line) => line["level"] === "warn" && line["stream"] === "KEPT_EVENTS")
    .map((line) => line["setting"]);
  assert.deepEqual(differing, ["max_age", "max_bytes", "duplicate_window"]);
  const { config } = await streamOf(nats, "KEPT_EVENTS");
  assert.deepEqual(
    [config["max_age"], config["max_bytes"], config["duplicate_window"]],
    [168 * 3_600 * secondNs, 1_073_741_824, 600 * secondNs],
  );
});

test("NATS_STREAM_REPLICAS=3 on a single server: both services say so, wait, and keep what comes", async (t) => {
  const alone = await startNats(t);
  const settings = { ...env, NATS_URL: alone.url, NATS_STREAM_REPLICAS: "3", SHUTDOWN_TIMEOUT_SECONDS: "1" };
  const [ingest, alerter] = await Promise.all([
    startService(t, "udp-ingest", settings, { waitFor: "ready" }),
    startService(t, "mqtt-alerter", settings, { waitFor: "http" }),
  ]);
  await sendDatagram(await ingest.udpPort(), newTask().datagram);
  for (const service of [ingest, alerter]) {
    await eventually(() => {
      const warning = service.logs.find((line) => line["level"] === "warn" && line["msg"] === "waiting for nats");
      assert.match(String(warning?.["reason"]), /replicas/);
    });
  }
  await eventually(async () => {
    assert.equal(await ingest.metric("sensealerts_ingest_buffered_events"), 2, "its start and the task");
    assert.equal((await alerter.readyz()).status, 503);
  });
  assert.equal((await alone.jsz()).streams, 0);
});

test("a NATS without room for the stream: both services name a NATS_STREAM_MAX_BYTES that fits, and with it alerts arrive", async (t) => {
  const small = await startNats(t, { config: "jetstream {\n max_file_store: 200MB\n}" });
  const settings = { ...env, NATS_URL: small.url, SHUTDOWN_TIMEOUT_SECONDS: "1" };
  const bytes: string[] = [];
  for (const name of ["udp-ingest", "mqtt-alerter"] as const) {
    const service = await startService(t, name, settings, { waitFor: "http" });
    const [, fitting = ""] = await eventually(() => {
      const waiting = service.logs.find((line) => line["msg"] === "waiting for nats");
      const found = /insufficient storage.*NATS_STREAM_MAX_BYTES=(\d+)$/.exec(String(waiting?.["reason"]));
      assert.ok(found, JSON.stringify(waiting));
      return found;
    });
    bytes.push(fitting);
    await service.stop();
  }
  const [first = ""] = bytes;
  assert.deepEqual(bytes, [first, first]);
  const [ingest] = await startBoth(t, { NATS_URL: small.url, NATS_STREAM_MAX_BYTES: first });
  await sendAlert(ingest, subscriber);
});

test("NATS_STREAM_MAX_BYTES bounds what is kept: the oldest events make room", async (t) => {
  const own = { NATS_STREAM: "SMALL_EVENTS", NATS_SUBJECT_PREFIX: "small", NATS_STREAM_MAX_BYTES: "65536" };
  const [ingest] = await startBoth(t, own);
  for (let n = 0; n < 20; n++) {
    await sendDatagram(await ingest.udpPort(), newTask({ logMessage: "x".repeat(8_000) }).datagram);
  }
  await eventually(async () => {
    const { state } = await streamOf(nats, "SMALL_EVENTS");
    assert.equal(state.last_seq, 21);
    assert.ok(state.bytes <= 65_536 && state.first_seq > 10, JSON.stringify(state));
  });
});

test("NATS_DEDUP_WINDOW_SECONDS=1: the same datagram is one alert within the second and a new one after it", async (t) => {
  const stack = await startStack(t, { env: { NATS_DEDUP_WINDOW_SECONDS: "1" } });
  const { taskName, datagram } = newTask();
  const basics = () => messagesOf(stack.subscriber, taskName).filter(({ text }) => text === taskName);
  await eventually(
    async () => {
      await stack.send(datagram);
      assert.equal(basics().length, 2);
    },
    { intervalMs: 50 },
  );
  const [first, second] = basics();
  const apart = (second?.receivedAt ?? 0) - (first?.receivedAt ?? 0);
  assert.ok(apart > 800 && apart < 5_000, `${apart} ms apart`);
  const duplicates = await stack.ingest.metric("sensealerts_ingest_events_total", { result: "duplicate" });
  assert.ok(duplicates > 5, `${duplicates} duplicates`);
});
