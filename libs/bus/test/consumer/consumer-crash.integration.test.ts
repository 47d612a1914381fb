import assert from "node:assert/strict";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { eventually, startNats, tempDir } from "@sense-alerts/test-kit";
import { connectBeside, message, publishAll, startTestBus, texts, whenDown, whenUp } from "../fixtures/bus.js";
import {
  doneSoon,
  durable,
  startHolding,
  startTestConsumer,
  whenEachWasHandledOnce,
  whenNothingIsLeft,
} from "../fixtures/consumer.js";

test("goes on when NATS has lost the state of a window that was finished while NATS was away", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  const first = startTestConsumer(t, bus, { wanted: () => 0 });
  await whenUp(first.consumption);
  await first.consumption.close(AbortSignal.abort());
  const wanted = texts("m", 100);
  await publishAll(bus, wanted);
  await server.stop();
  const backup = join(tempDir(t), "backup");
  cpSync(server.dir, backup, { recursive: true });
  await server.start();
  const holding = startHolding();
  const consumer = startTestConsumer(t, bus, { maxInFlight: 16, ackWaitMs: 2_000, handle: holding.handle });
  await eventually(() => assert.equal(holding.texts().length, 16));
  await server.stop("SIGKILL");
  await whenDown(consumer.consumption, /no connection/);
  for (const text of holding.texts()) holding.finish(text);
  rmSync(server.dir, { recursive: true });
  cpSync(backup, server.dir, { recursive: true });
  await server.start();
  await eventually(
    () => {
      for (const text of holding.texts()) holding.finish(text);
      assert.equal(consumer.taken.length, 100);
    },
    { timeoutMs: 30_000, what: "every message to be handled" },
  );
  await whenNothingIsLeft(server);
  await whenEachWasHandledOnce([consumer], wanted);
});

test("handles each of 4,000 messages once, with NATS killed three times within seconds", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  const wanted = texts("m", 4_000);
  await whenUp(bus);
  await publishAll(bus, wanted);
  const consumer = startTestConsumer(t, bus, { maxInFlight: 32, handle: doneSoon });
  for (const crashAt of [300, 600, 900]) {
    await eventually(() => assert.ok(consumer.taken.length >= crashAt), { intervalMs: 1, timeoutMs: 30_000 });
    await server.stop("SIGKILL");
    await server.start();
  }
  await whenNothingIsLeft(server, 60_000);
  await whenEachWasHandledOnce([consumer], wanted);
  await eventually(() => assert.equal(consumer.consumption.inFlight(), 0), { timeoutMs: 40_000 });
});

test("acknowledges again what NATS delivers again through a consumer that was created again", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  const { manager } = await connectBeside(t, server.url);
  const consumer = startTestConsumer(t, bus);
  await whenUp(consumer.consumption);
  await publishAll(bus, texts("m", 500));
  await whenNothingIsLeft(server);
  await manager.consumers.delete("SENSE_EVENTS", durable);
  await publishAll(bus, ["after"]);
  await whenEachWasHandledOnce([consumer], [...texts("m", 500), "after"]);
  await whenNothingIsLeft(server);
});

test("is not ready and starts afresh when messages wait and none is completed for long", async (t) => {
  const server = await startNats(t);
  const { bus, lines } = startTestBus(t, server.url);
  let stalls = 0;
  const holding = startHolding();
  const consumer = startTestConsumer(t, bus, {
    maxInFlight: 2,
    stallMs: 1_000,
    onStalled: () => stalls++,
    handle: holding.handle,
  });
  await whenUp(consumer.consumption);
  await publishAll(bus, texts("m", 2));
  await eventually(() => assert.equal(holding.texts().length, 2));
  // Nothing waits in NATS: a handler may take its time.
  const quietMs = performance.now();
  await eventually(() => assert.ok(performance.now() - quietMs > 3_000));
  assert.equal(stalls, 0);
  await bus.publish(message("m-3"));
  await eventually(() => assert.ok(stalls > 0), { timeoutMs: 5_000 });
  await whenDown(consumer.consumption, /no event completed for 1 s/);
  assert.ok(lines.some((line) => line.level === "error" && line.message === "consumer has stalled and is restarted"));
  for (const text of texts("m", 2)) holding.finish(text);
  await eventually(() => assert.deepEqual(holding.texts(), ["m-3"]));
  await whenUp(consumer.consumption);
  holding.finish("m-3");
  await whenNothingIsLeft(server);
  assert.deepEqual(consumer.takenTexts(), texts("m", 3));
});
