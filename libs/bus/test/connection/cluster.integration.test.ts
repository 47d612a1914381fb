import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "@sense-alerts/test-kit";
import { connectBeside, publishAll, startTestBus, texts, whenUp } from "../fixtures/bus.js";
import { startCluster } from "../fixtures/cluster.js";
import { doneSoon, durable, startTestConsumer, whenEachWasHandledOnce } from "../fixtures/consumer.js";

test("goes on through the servers of a cluster that it was not told of, when the one it knows dies", async (t) => {
  const [known, ...others] = await startCluster(t);
  assert.ok(known !== undefined && others[0] !== undefined);
  const { bus } = startTestBus(t, known.url, { streamReplicas: 3 });
  const consumer = startTestConsumer(t, bus, {
    ackWaitMs: 3_000,
    maxInFlight: 32,
    handle: doneSoon,
  });
  await whenUp(consumer.consumption, 30_000);
  const [before, after] = [texts("before", 300), texts("after", 300)];
  await publishAll(bus, before);
  const publishing = publishAll(bus, after);
  await known.stop("SIGKILL");
  await publishing;
  assert.ok(others.some(({ port }) => bus.state().detail === `127.0.0.1:${port}`));
  await whenEachWasHandledOnce([consumer], [...before, ...after]);
  const { manager } = await connectBeside(t, others[0].url);
  await eventually(async () => {
    const { num_pending, num_ack_pending } = await manager.consumers.info("SENSE_EVENTS", durable);
    assert.deepEqual({ num_pending, num_ack_pending }, { num_pending: 0, num_ack_pending: 0 });
  });
});
