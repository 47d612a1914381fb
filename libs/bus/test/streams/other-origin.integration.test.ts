import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, freeTcpPort, type NatsServer, startNats } from "@sense-alerts/test-kit";
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

/** What an administrator does once on the hub: the events of the leaf, copied into a stream of the same name. */
async function copyFromLeaf(hub: NatsServer, manager: Awaited<ReturnType<typeof connectBeside>>["manager"]) {
  await manager.streams.add({
    name: "SENSE_EVENTS",
    sources: [{ name: "SENSE_EVENTS", external: { api: "$JS.leaf.API", deliver: "" } }],
  });
  assert.deepEqual(await streamNames(hub), ["SENSE_EVENTS"]);
}

test("carries events from a leaf node to a hub with a domain each, also those of the time without a link", async (t) => {
  const leafPort = await freeTcpPort();
  const hubConfig = `server_name: hub\njetstream {\n domain: hub\n}\nleafnodes { host: 127.0.0.1, port: ${leafPort} }`;
  const hub = await startNats(t, { config: hubConfig });
  const leaf = await startNats(t, {
    config: `server_name: leaf\njetstream {\n domain: leaf\n}\nleafnodes { reconnect: 1, remotes: [{ url: "nats://127.0.0.1:${leafPort}" }] }`,
  });
  const { manager } = await connectBeside(t, hub.url);
  await copyFromLeaf(hub, manager);
  // As udp-ingest beside the Sense servers and mqtt-alerter in the data centre: each at the server of its own domain.
  const ingest = startTestBus(t, leaf.url, publishing).bus;
  const alerter = startTestBus(t, hub.url, reading).bus;
  const consumer = startTestConsumer(t, alerter, { handle: async () => ({ kind: "dead", reason: "not-json" }) });
  await whenUp(ingest);
  await whenUp(consumer.consumption);
  await publishAll(ingest, texts("up", 5));
  await eventually(() => assert.deepEqual(consumer.takenTexts(), texts("up", 5)));
  assert.deepEqual(await streamNames(leaf), ["SENSE_EVENTS", "SENSE_REJECTED"]);
  assert.deepEqual(await streamNames(hub), ["SENSE_DEAD_LETTERS", "SENSE_EVENTS"]);

  await hub.stop();
  await publishAll(ingest, texts("down", 5));
  await hub.start();
  await eventually(() => assert.deepEqual(consumer.takenTexts(), [...texts("up", 5), ...texts("down", 5)]), {
    timeoutMs: 60_000,
  });
  await eventually(async () => assert.equal((await stored(manager, "SENSE_DEAD_LETTERS")).length, 10));
});
