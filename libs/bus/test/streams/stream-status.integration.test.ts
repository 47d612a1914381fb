import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, startNats } from "@sense-alerts/test-kit";
import { AckPolicy } from "nats";
import { connectBeside, hourMs, publishAll, startTestBus, texts, whenUp } from "../fixtures/bus.js";
import { done, durable, startHolding, startTestConsumer, whenNothingIsLeft } from "../fixtures/consumer.js";

test("tells how old the oldest event is that is not acknowledged, and how much of the bytes it and later ones take", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url, { streamMaxBytes: 1024 ** 2, streamMaxAgeMs: 2 * hourMs });
  const holding = startHolding();
  const consumer = startTestConsumer(t, bus, { handle: holding.handle, maxInFlight: 2 });
  await whenUp(consumer.consumption);
  assert.deepEqual(await bus.streamStatus([durable]), {
    oldestWaitingMs: 0,
    maxAgeMs: 2 * hourMs,
    bytesShare: 0,
    waitingBytesShare: 0,
  });
  for (const text of texts("m", 4)) await publishAll(bus, [text]);
  await eventually(() => assert.deepEqual(holding.texts(), ["m-1", "m-2"]));
  const { manager } = await connectBeside(t, server.url);
  const storedMs = async (seq: number) => (await manager.streams.getMessage("SENSE_EVENTS", { seq })).time.getTime();
  const status = async () => {
    const beforeMs = Date.now();
    const found = await bus.streamStatus([durable]);
    assert.ok(found?.bytesShare !== undefined && found.waitingBytesShare !== undefined);
    const { oldestWaitingMs, bytesShare: share, waitingBytesShare } = found;
    return { oldestWaitingMs, share, oldestMs: beforeMs - oldestWaitingMs, waiting: waitingBytesShare / share };
  };
  const all = await status();
  assert.ok(Math.abs(all.oldestMs - (await storedMs(1))) < 1_000);
  assert.equal(all.waiting, 1);
  assert.ok(all.share > 0.000_1 && all.share < 0.01, String(all.share));
  holding.finish("m-1");
  await eventually(async () =>
    assert.equal((await status()).waiting, 0.75, "the first is done, and still in the stream"),
  );
  holding.finish("m-2");
  await eventually(() => assert.deepEqual(holding.texts(), ["m-3", "m-4"]));
  for (const text of holding.texts()) holding.finish(text, done);
  await whenNothingIsLeft(server);
  const { oldestWaitingMs, waiting } = await status();
  assert.deepEqual([oldestWaitingMs, waiting], [0, 0]);
});

test("takes the oldest of several consumers, each by the events that it wants", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  await whenUp(bus);
  const { manager } = await connectBeside(t, server.url);
  for (const [durable_name, filter_subject] of [
    ["failed", "sense.task.failed"],
    ["status", "sense.ingest.status"],
  ] as const) {
    await manager.consumers.add("SENSE_EVENTS", { durable_name, filter_subject, ack_policy: AckPolicy.Explicit });
  }
  await publishAll(bus, ["a"]);
  assert.equal((await bus.streamStatus(["status"]))?.waitingBytesShare, 0);
  const failed = await bus.streamStatus(["failed"]);
  assert.ok((failed?.waitingBytesShare ?? 0) > 0);
  const both = await bus.streamStatus(["status", "failed"]);
  assert.equal(both?.waitingBytesShare, failed?.waitingBytesShare);
});

test("says nothing when there is no such consumer, or no NATS", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  await whenUp(bus);
  assert.equal(await bus.streamStatus(["none"]), undefined);
  server.suspend();
  assert.equal(await bus.streamStatus([durable]), undefined);
});
