import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, type Service, startService } from "@sense-alerts/test-kit";
import { createSender } from "../src/drill.js";
import { assertConserved, nothingBuffered, storedExecutions } from "../src/outage.js";
import { startServers } from "../src/stack.js";
import { askJetStream } from "../src/subscribe-nats.js";

/** Waits until so many datagrams have been taken off the socket, or lost by the kernel. */
async function received(ingest: Service, datagrams: number): Promise<void> {
  await eventually(async () =>
    assert.equal(await ingest.metric("sensealerts_ingest_datagrams_received_total"), datagrams),
  );
}

test("NATS that is connected and answers nothing: all that comes is counted, and kept within BUFFER_MAX_EVENTS", async (t) => {
  const { nats, env } = await startServers(t);
  const ingest = await startService(t, "udp-ingest", { ...env, BUFFER_MAX_EVENTS: "3000" }, { waitFor: "ready" });
  await nothingBuffered(ingest);
  const sender = createSender([await ingest.udpPort()]);
  nats.suspend();
  await sender.send(2_500, 2_000);
  await received(ingest, 2_500);
  assert.equal(await ingest.metric("sensealerts_ingest_buffered_events"), 2_500);
  await assertConserved(ingest);
  await sender.send(2_500, 2_000);
  await received(ingest, 5_000);
  assert.ok((await ingest.metric("sensealerts_ingest_buffered_events")) <= 3_000);
  assert.equal(await ingest.metric("sensealerts_ingest_events_total", { result: "dropped-buffer-full" }), 2_000);
  await assertConserved(ingest);
  nats.resume();
  await nothingBuffered(ingest);
  const stored = await storedExecutions(t, nats);
  assert.deepEqual(stored.slice(-2_500), sender.sent.slice(-2_500));
  await assertConserved(ingest);
});

test("a stream that is full: bursts are counted, kept within BUFFER_MAX_EVENTS and stored in order when there is room", async (t) => {
  const { nats, env } = await startServers(t);
  const stream = {
    name: "SENSE_EVENTS",
    subjects: ["sense.task.*", "sense.engine.*", "sense.ingest.*"],
    retention: "limits",
    storage: "file",
    discard: "new",
    num_replicas: 1,
    duplicate_window: 600e9,
  };
  await askJetStream(t, nats.port, "STREAM.CREATE.SENSE_EVENTS", { ...stream, max_msgs: 1 });
  const ingest = await startService(t, "udp-ingest", { ...env, BUFFER_MAX_EVENTS: "4000" }, { waitFor: "ready" });
  await nothingBuffered(ingest);
  const sender = createSender([await ingest.udpPort()]);
  await sender.send(4_000, 50_000);
  await received(ingest, 4_000);
  assert.equal(await ingest.metric("sensealerts_ingest_buffered_events"), 4_000);
  await assertConserved(ingest);
  await askJetStream(t, nats.port, "STREAM.UPDATE.SENSE_EVENTS", { ...stream, max_msgs: -1 });
  await nothingBuffered(ingest);
  assert.deepEqual(await storedExecutions(t, nats), sender.sent);
  await assertConserved(ingest);
});
