import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, freeTcpPort, type Scope, startNats } from "@sense-alerts/test-kit";
import type { StreamConfig } from "nats";
import {
  connectBeside,
  publishAll,
  startTestBus,
  stored,
  streamNames,
  texts,
  whenDown,
  whenUp,
} from "../fixtures/bus.js";
import { startTestConsumer } from "../fixtures/consumer.js";

const reading = { uses: ["read-events", "publish-dead-letters"] } as const;
const publishing = { uses: ["publish-events", "publish-rejected"] } as const;
const subjects = ["sense.task.*", "sense.engine.reload-failed", "sense.ingest.status"];

for (const [what, fed] of [
  ["a mirror", { mirror: { name: "ORIGIN" } }],
  ["a sourced stream", { sources: [{ name: "ORIGIN" }] }],
] satisfies [string, Partial<StreamConfig>][]) {
  test(`reads from ${what}, which takes no subject, and stores dead letters of its own`, async (t) => {
    const server = await startNats(t);
    const { nats, manager } = await connectBeside(t, server.url);
    await manager.streams.add({ name: "ORIGIN", subjects });
    await manager.streams.add({ name: "SENSE_EVENTS", ...fed });
    const { bus, lines } = startTestBus(t, server.url, reading);
    const consumer = startTestConsumer(t, bus, {
      handle: async ({ sequence }) => (sequence === 2 ? { kind: "dead", reason: "not-json" } : { kind: "done" }),
    });
    await whenUp(consumer.consumption);
    for (const text of ["a", "b"]) await nats.jetstream().publish("sense.task.failed", text);
    await eventually(async () => {
      assert.deepEqual(consumer.takenTexts(), ["a", "b"]);
      assert.deepEqual(await stored(manager, "SENSE_DEAD_LETTERS"), ["b"]);
    });
    assert.deepEqual(
      lines.filter(({ level }) => level === "warn"),
      [],
    );
  });
}

test("stays down over a mirror where events are to be published, and says where its origin is", async (t) => {
  const server = await startNats(t);
  const { manager } = await connectBeside(t, server.url);
  await manager.streams.add({ name: "ORIGIN", subjects: ["origin"] });
  await manager.streams.add({ name: "SENSE_EVENTS", mirror: { name: "ORIGIN" } });
  const { bus } = startTestBus(t, server.url, publishing);
  await whenDown(
    bus,
    /SENSE_EVENTS exists but does not take sense\.task\.failed, .*it is a mirror, .* its origin, ORIGIN$/,
  );
});

test("stays down over a stream that neither takes the subjects nor is fed by another, also to read only", async (t) => {
  const server = await startNats(t);
  const { manager } = await connectBeside(t, server.url);
  await manager.streams.add({ name: "SENSE_EVENTS", subjects: ["other"] });
  const { bus } = startTestBus(t, server.url, reading);
  await whenDown(bus, /SENSE_EVENTS exists but does not take sense\.task\.failed, /);
});

const ofTheLeaf = { name: "SENSE_EVENTS", external: { api: "$JS.leaf.API", deliver: "" } };

for (const [what, fed] of [
  ["a sourced stream", { sources: [ofTheLeaf] }],
  ["a mirror", { mirror: ofTheLeaf }],
] satisfies [string, Partial<StreamConfig>][]) {
  test(`carries events from a leaf node to ${what} on the hub`, async (t) => {
    const { leaf, hub, ingest, consumer } = await startLeafAndHub(t, fed);
    await publishAll(ingest, texts("m", 5));
    await eventually(() => assert.deepEqual(consumer.takenTexts(), texts("m", 5)), { timeoutMs: 30_000 });
    assert.deepEqual(await streamNames(leaf), ["SENSE_EVENTS", "SENSE_REJECTED"]);
    assert.deepEqual(await streamNames(hub), ["SENSE_DEAD_LETTERS", "SENSE_EVENTS"]);
    await eventually(async () => assert.equal((await hub.stream("SENSE_DEAD_LETTERS"))?.state.messages, 5));
  });
}

test("keeps events on the leaf node while the hub is away, and carries them when it is back", async (t) => {
  const { hub, ingest, consumer } = await startLeafAndHub(t, { sources: [ofTheLeaf] });
  await hub.stop();
  await publishAll(ingest, texts("m", 5));
  await hub.start();
  // Since 2.10 nats-server waits for up to half a minute before it looks for the origin again.
  await eventually(() => assert.deepEqual(consumer.takenTexts(), texts("m", 5)), { timeoutMs: 120_000 });
});

/** udp-ingest beside the Sense servers, mqtt-alerter in the data center: each at the server of its own domain. */
async function startLeafAndHub(t: Scope, fed: Partial<StreamConfig>) {
  const leafPort = await freeTcpPort();
  const domain = (name: string) => `server_name: ${name}\njetstream {\n domain: ${name}\n}\n`;
  const hub = await startNats(t, { config: `${domain("hub")}leafnodes { host: 127.0.0.1, port: ${leafPort} }` });
  const remotes = `[{ url: "nats://127.0.0.1:${leafPort}" }]`;
  const leaf = await startNats(t, { config: `${domain("leaf")}leafnodes { reconnect: 1, remotes: ${remotes} }` });
  const { manager } = await connectBeside(t, hub.url);
  // What an administrator does once on the hub: docs/install.md.
  await manager.streams.add({ name: "SENSE_EVENTS", ...fed });
  const ingest = startTestBus(t, leaf.url, publishing).bus;
  const alerter = startTestBus(t, hub.url, reading).bus;
  const consumer = startTestConsumer(t, alerter, { handle: async () => ({ kind: "dead", reason: "not-json" }) });
  await whenUp(ingest);
  await whenUp(consumer.consumption);
  return { leaf, hub, ingest, consumer };
}
