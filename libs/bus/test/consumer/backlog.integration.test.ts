import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, startNats } from "@sense-alerts/test-kit";
import { publishAll, startTestBus, texts, whenUp } from "../fixtures/bus.js";
import { durable, startHolding, startTestConsumer } from "../fixtures/consumer.js";

test("tells what waits for a durable consumer, also what comes while nobody takes anything", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  await whenUp(bus);
  const holding = startHolding();
  let wanted = true;
  startTestConsumer(t, bus, {
    maxInFlight: 4,
    handle: holding.handle,
    wanted: () => (wanted ? Number.POSITIVE_INFINITY : 0),
  });
  await publishAll(bus, texts("m", 10));
  await eventually(async () => assert.deepEqual(await bus.backlog(durable), { pending: 6, ackPending: 4 }));
  wanted = false;
  await publishAll(bus, texts("later", 10));
  assert.deepEqual(await bus.backlog(durable), { pending: 16, ackPending: 4 });
});

test("tells nothing of a consumer that is not there, nor, soon, while NATS is away or hangs", async (t) => {
  const server = await startNats(t);
  const { bus } = startTestBus(t, server.url);
  await whenUp(bus);
  assert.equal(await bus.backlog("nobody"), undefined);
  server.suspend();
  const startMs = performance.now();
  assert.equal(await bus.backlog(durable), undefined);
  assert.ok(performance.now() - startMs < 2_000);
  server.resume();
  await server.stop();
  await eventually(() => assert.ok(!bus.state().up));
  assert.equal(await bus.backlog(durable), undefined);
});

test("calls back for each answer to a publish with how long it took", async (t) => {
  const server = await startNats(t);
  const took: number[] = [];
  const { bus } = startTestBus(t, server.url, { onAnswer: (afterMs) => took.push(afterMs) });
  await whenUp(bus);
  await publishAll(bus, texts("m", 20));
  assert.equal(took.length, 20);
  for (const afterMs of took) assert.ok(afterMs >= 0 && afterMs < 5_000, `${afterMs} ms`);
});
