import assert from "node:assert/strict";
import { test } from "node:test";
import { type NatsServer, startNats } from "@sense-alerts/test-kit";
import {
  connectBeside,
  hourMs,
  type LogLine,
  message,
  startTestBus,
  streamNames,
  whenDown,
  whenUp,
} from "../fixtures/bus.js";

const eventSubjects = [
  "sense.task.failed",
  "sense.task.aborted",
  "sense.task.succeeded",
  "sense.task.distributed",
  "sense.engine.reload-failed",
  "sense.ingest.status",
];

async function configAt(server: NatsServer, name: string): Promise<Record<string, unknown>> {
  const stream = await server.stream(name);
  assert.ok(stream !== undefined, `there is no stream ${name}`);
  return { ...stream.config };
}

/** The settings of a stream, those that are expected; a newer server has more. */
async function assertConfig(server: NatsServer, name: string, expected: Record<string, unknown>): Promise<void> {
  const config = await configAt(server, name);
  assert.deepEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, config[key]])), expected);
}

function warnings(lines: readonly LogLine[]): object[] {
  return lines.filter((line) => line.level === "warn").map((line) => line.facts);
}

test("creates the streams as they are wanted, and no other", async (t) => {
  const server = await startNats(t);
  const { bus, lines } = startTestBus(t, server.url, {
    streamMaxAgeMs: 2 * hourMs,
    streamMaxBytes: 1_048_576,
    dedupWindowMs: 90_000,
  });
  await whenUp(bus);
  assert.deepEqual(await streamNames(server), ["SENSE_DEAD_LETTERS", "SENSE_EVENTS", "SENSE_REJECTED"]);
  const common = {
    retention: "limits",
    storage: "file",
    discard: "old",
    num_replicas: 1,
    max_bytes: 1_048_576,
    duplicate_window: 90_000_000_000,
    max_msgs: -1,
    max_msgs_per_subject: -1,
    max_msg_size: -1,
    max_consumers: -1,
    sealed: false,
    deny_delete: false,
    deny_purge: false,
    allow_rollup_hdrs: false,
    allow_direct: false,
    mirror_direct: false,
  };
  await assertConfig(server, "SENSE_EVENTS", {
    ...common,
    name: "SENSE_EVENTS",
    subjects: eventSubjects,
    max_age: 7_200_000_000_000,
  });
  await assertConfig(server, "SENSE_REJECTED", {
    ...common,
    name: "SENSE_REJECTED",
    subjects: ["sense.rejected"],
    max_age: 604_800_000_000_000,
  });
  await assertConfig(server, "SENSE_DEAD_LETTERS", {
    ...common,
    name: "SENSE_DEAD_LETTERS",
    subjects: ["sense.dead-letter"],
    max_age: 2_592_000_000_000_000,
  });
  assert.deepEqual(warnings(lines), []);
});

test("creates them under another stream name and subject prefix", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url, { streamName: "X", subjectPrefix: "acme.qlik" });
  await whenUp(bus);
  assert.deepEqual(await streamNames(server), ["X", "X_DEAD_LETTERS", "X_REJECTED"]);
  assert.deepEqual(
    (await configAt(server, "X"))["subjects"],
    eventSubjects.map((subject) => subject.replace("sense.", "acme.qlik.")),
  );
  assert.deepEqual((await configAt(server, "X_REJECTED"))["subjects"], ["acme.qlik.rejected"]);
  assert.deepEqual((await configAt(server, "X_DEAD_LETTERS"))["subjects"], ["acme.qlik.dead-letter"]);
});

test("lets two services that start at the same moment create them together", async (t) => {
  const server = await startNats(t);
  const both = [startTestBus(t, server.url), startTestBus(t, server.url)];
  for (const { bus, lines } of both) {
    await whenUp(bus);
    assert.deepEqual(warnings(lines), []);
  }
});

test("leaves a stream that differs as it is, with one warning for each setting", async (t) => {
  const server = await startNats(t);
  const { manager } = await connectBeside(t, server.url);
  await manager.streams.add({ name: "SENSE_EVENTS", subjects: eventSubjects, max_age: 3_600e9, max_bytes: 4096 });
  const before = await configAt(server, "SENSE_EVENTS");
  const { bus, lines } = startTestBus(t, server.url, { dedupWindowMs: 120_000 });
  await whenUp(bus);
  await bus.publish(message("a"));
  assert.deepEqual(await configAt(server, "SENSE_EVENTS"), before);
  assert.deepEqual(warnings(lines), [
    { stream: "SENSE_EVENTS", setting: "max_age", wanted: "259200000000000", live: "3600000000000" },
    { stream: "SENSE_EVENTS", setting: "max_bytes", wanted: "67108864", live: "4096" },
  ]);
});

test("takes a stream whose patterns cover our subjects, whatever else is in it", async (t) => {
  const server = await startNats(t);
  const { manager } = await connectBeside(t, server.url);
  await manager.streams.add({ name: "SENSE_EVENTS", subjects: ["sense.*.*", "other.>"] });
  const { bus } = startTestBus(t, server.url);
  await whenUp(bus);
  assert.deepEqual(await bus.publish(message("a")), { sequence: 1, duplicate: false });
});

test("stays down over a stream without our subjects, says what to do, and comes up when it is done", async (t) => {
  const server = await startNats(t);
  const { manager } = await connectBeside(t, server.url);
  const [missing, ...subjects] = eventSubjects;
  assert.ok(missing !== undefined);
  await manager.streams.add({ name: "SENSE_EVENTS", subjects });
  const { bus } = startTestBus(t, server.url);
  await whenDown(
    bus,
    /stream SENSE_EVENTS exists but does not take sense\.task\.failed; .*nats stream edit SENSE_EVENTS/,
  );
  await manager.streams.update("SENSE_EVENTS", { subjects: eventSubjects });
  await whenUp(bus);
  await bus.publish(message("a"));
});

test("stays down while another stream has our subjects, names them, and comes up when it is gone", async (t) => {
  const server = await startNats(t);
  const { manager } = await connectBeside(t, server.url);
  await manager.streams.add({ name: "OTHER", subjects: ["sense.rejected"] });
  const { bus } = startTestBus(t, server.url);
  await whenDown(bus, /stream SENSE_REJECTED for sense\.rejected cannot be created: .*overlap/);
  await manager.streams.delete("OTHER");
  await whenUp(bus);
});

test("looks at the streams again at once when the server comes back while it waited for them", async (t) => {
  const server = await startNats(t);
  const { nats, manager } = await connectBeside(t, server.url);
  await manager.streams.add({ name: "SENSE_EVENTS", subjects: ["other"] });
  const { bus, lines } = startTestBus(t, server.url);
  await whenDown(bus, /does not take/);
  await manager.streams.update("SENSE_EVENTS", { subjects: eventSubjects });
  await nats.close();
  await server.stop("SIGKILL");
  await whenDown(bus, /the connection broke/);
  await server.start();
  await whenUp(bus, 3_000);
  const reasons = lines.map((line) => String(line.facts["reason"]));
  assert.deepEqual(
    reasons.filter((reason) => reason.includes("CLOSED")),
    [],
  );
});
