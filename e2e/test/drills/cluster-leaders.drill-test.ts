import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { NatsCluster, NatsPeer } from "@sense-alerts/test-kit";
import { short } from "../../src/drill.js";
import { drillCluster, gatherLeaders, whenWhole } from "../../src/drills/cluster-drill.js";
import { stream } from "../../src/drills/settle.js";

/** Stream and consumers: each leader that there is gives up its office. */
async function stepDownAll({ api }: NatsPeer): Promise<void> {
  const consumers = await api.consumers(stream).catch(() => []);
  const steps = [api.stepDownStream(stream), ...consumers.map(({ name }) => api.stepDownConsumer(stream, name))];
  await Promise.allSettled(steps); // one that has no leader right now has none to step down
}

/**
 * A new leader of a consumer looks for overdue deliveries after 0.5 to 1.5 s: one that steps down before has delivered
 * none.
 */
const settledMs = 1_500;

test("leaders of stream and consumers step down every second: each event is alerted once", async (t) => {
  const disturb = async ({ servers: [first] }: NatsCluster) => {
    for (let step = 1; step <= short(12, 60); step++) {
      await Promise.all([first && stepDownAll(first), wait(1_000)]);
    }
  };
  await drillCluster(t, disturb, { settledMs });
});

test("the leader of a cluster killed three times: each event is alerted once", async (t) => {
  await drillCluster(t, async (cluster) => {
    for (let kill = 1; kill <= 3; kill++) {
      const leader = await gatherLeaders(cluster);
      await leader.stop("SIGKILL");
      await wait(1_000);
      await leader.start();
      await whenWhole(cluster);
    }
  });
});

test("the leader of a cluster frozen for 8 seconds: each event is alerted once", async (t) => {
  await drillCluster(t, async (cluster) => {
    const leader = await gatherLeaders(cluster);
    leader.suspend();
    await wait(8_000);
    leader.resume();
  });
});
