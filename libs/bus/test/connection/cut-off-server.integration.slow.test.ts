import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "@sense-alerts/test-kit";
import { message, startTestBus, whenUp } from "../fixtures/bus.js";
import { startDivisibleCluster } from "../fixtures/cluster.js";

test("leaves a server that is cut off from its peers, although it answers", async (t) => {
  const { servers, cutOffFirst } = await startDivisibleCluster(t);
  const [first, ...others] = servers;
  const { bus, lines } = startTestBus(t, first.url, { streamReplicas: 3 });
  await whenUp(bus, 30_000);
  let reconnects = 0;
  bus.onReconnect(() => reconnects++);
  cutOffFirst();
  await eventually(
    async () => {
      assert.ok(others.some(({ port }) => bus.state().detail === `127.0.0.1:${port}`));
      await bus.publish(message("a"));
    },
    { timeoutMs: 40_000, what: "a publish on another server" },
  );
  assert.equal(reconnects, 1);
  assert.ok(lines.some((line) => line.message === "leaving a nats server whose jetstream does not answer"));
});
