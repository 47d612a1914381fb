import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, type NatsCluster, publishNats, startNatsCluster } from "../src/index.js";

const name = "KEPT";

/** A stream on all servers, made through the API; the name of its leader. */
async function makeStream({ servers }: NatsCluster): Promise<string> {
  const port = servers[0]?.port ?? 0;
  const config = { name, subjects: ["kept.>"], storage: "file", num_replicas: servers.length };
  await eventually(async () => {
    const payload = JSON.stringify(config);
    await publishNats(port, [{ subject: `$JS.API.STREAM.CREATE.${name}`, payload }]);
    assert.ok((await servers[0]?.api.stream(name))?.cluster?.leader);
  });
  return leaderBy(servers);
}

/** The leader of the stream that these servers know. */
function leaderBy(servers: NatsCluster["servers"], except?: string): Promise<string> {
  return eventually(
    async () => {
      const leader = (await servers[0]?.api.stream(name))?.cluster?.leader;
      assert.ok(leader !== undefined && leader !== except);
      return leader;
    },
    { timeoutMs: 30_000, what: "another leader" },
  );
}

test("a leader that steps down is followed by another", async (t) => {
  const cluster = await startNatsCluster(t);
  const leader = await makeStream(cluster);
  await cluster.servers[0]?.api.stepDownStream(name);
  assert.notEqual(await leaderBy(cluster.servers, leader), leader);
});

test("a server that is cut off still takes connections, is no leader for the others, and catches up when it rejoins", async (t) => {
  const cluster = await startNatsCluster(t);
  const cut = cluster.peer(await makeStream(cluster));
  const others = cluster.servers.filter((server) => server !== cut);
  cut.cutOff();
  await leaderBy(others, cut.name);
  const payloads = ["a", "b"].map((payload) => ({ subject: "kept.x", payload }));
  await publishNats(others[0]?.port ?? 0, payloads);
  await publishNats(cut.port, []);
  await eventually(async () => assert.equal((await others[0]?.stream(name))?.state.messages, 2));
  assert.equal((await cut.stream(name))?.state.messages, 0);
  cut.rejoin();
  await eventually(async () => assert.equal((await cut.stream(name))?.state.messages, 2), { timeoutMs: 30_000 });
});
