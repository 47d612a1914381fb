import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { short } from "../../src/drill.js";
import { drillCluster, gatherLeaders, whenWhole } from "../../src/drills/cluster-drill.js";

test("servers of a cluster restarted one by one: each event is alerted once", async (t) => {
  await drillCluster(t, async (cluster) => {
    for (let round = 1; round <= short(1, 3); round++) {
      for (const server of cluster.servers) {
        await server.stop();
        await server.start();
        await whenWhole(cluster);
      }
    }
  });
});

test("two of three servers killed for 6 seconds: each event is alerted once", async (t) => {
  await drillCluster(t, async (cluster) => {
    const leader = await gatherLeaders(cluster);
    const other = cluster.servers.find((server) => server !== leader);
    const killed = [leader, ...(other === undefined ? [] : [other])];
    await Promise.all(killed.map((server) => server.stop("SIGKILL")));
    await wait(6_000);
    await Promise.all(killed.map((server) => server.start()));
  });
});

test("the leader cut off from its peers for 12 seconds while its clients stay connected: each event is alerted once", async (t) => {
  await drillCluster(t, async (cluster) => {
    const leader = await gatherLeaders(cluster);
    leader.cutOff();
    await wait(12_000);
    leader.rejoin();
  });
});
