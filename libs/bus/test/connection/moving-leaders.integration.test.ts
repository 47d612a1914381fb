import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "@sense-alerts/test-kit";
import type { Bus } from "../../src/index.js";
import { busErrorOf, connectBeside, message, publishAll, startTestBus, texts, whenUp } from "../fixtures/bus.js";
import { planCluster, startCluster } from "../fixtures/cluster.js";

/** The changes of the link that the bus has reported since it was first up. */
function changesOf(bus: Bus) {
  const changes: boolean[] = [];
  let reconnects = 0;
  bus.onChange((up) => changes.push(up));
  bus.onReconnect(() => reconnects++);
  return { changes, reconnects: () => reconnects };
}

test("answers only the publish when a stream has no leader, and keeps the connection and what is under way", async (t) => {
  const [own, holder] = await startCluster(t);
  const { manager } = await connectBeside(t, own.url);
  const rejected = { name: "SENSE_REJECTED", subjects: ["sense.rejected"] };
  await eventually(() => manager.streams.add({ ...rejected, placement: { cluster: "bus", tags: ["n1"] } }), {
    timeoutMs: 30_000,
  });
  const events = { name: "SENSE_EVENTS", subjects: ["sense.task.*", "sense.engine.*", "sense.ingest.*"] };
  await manager.streams.add({ ...events, placement: { cluster: "bus", tags: ["n0"] } });
  const { bus, lines } = startTestBus(t, own.url);
  await whenUp(bus, 30_000);
  const seen = changesOf(bus);
  await holder.stop("SIGKILL");
  await eventually(() =>
    assert.rejects(bus.publish(message("a", { subject: "sense.rejected" })), busErrorOf("unavailable")),
  );
  // The other stream has its leader, so it takes what is sent at that moment and after.
  await Promise.all(texts("m", 20).map((text) => bus.publish(message(text))));
  assert.equal(bus.state().up, true);
  await holder.start();
  await eventually(() => bus.publish(message("a", { subject: "sense.rejected" })), { timeoutMs: 30_000 });
  assert.deepEqual(seen.changes, [true]);
  assert.equal(seen.reconnects(), 0);
  assert.deepEqual(
    lines.filter((line) => line.message === "waiting for nats"),
    [],
  );
});

test("stays up while the leaders of a stream step down, and stores everything once", async (t) => {
  const [first] = await startCluster(t);
  const { bus } = startTestBus(t, first.url, { streamReplicas: 3 });
  await whenUp(bus, 30_000);
  const seen = changesOf(bus);
  const { nats } = await connectBeside(t, first.url);
  for (let round = 1; round <= 5; round++) {
    const publishing = publishAll(bus, texts(`round-${round}`, 100));
    await nats.request("$JS.API.STREAM.LEADER.STEPDOWN.SENSE_EVENTS", "", { timeout: 5_000 }).catch(() => undefined);
    await publishing;
  }
  assert.deepEqual(seen.changes, [true]);
  assert.equal(seen.reconnects(), 0);
});

test("learns of servers that join the cluster after it has connected", async (t) => {
  const [one, two, three] = await planCluster(t);
  const first = await one.start();
  const { bus, lines } = startTestBus(t, first.url, { streamReplicas: 3 });
  await eventually(() => assert.match(bus.state().detail, /looking at the streams|JetStream|no answer/));
  await Promise.all([two.start(), three.start()]);
  await whenUp(bus, 30_000);
  const joined = [two.address, three.address];
  await first.stop("SIGKILL");
  await eventually(() => assert.ok(joined.includes(bus.state().detail) && bus.state().up), { timeoutMs: 30_000 });
  const { servers } = lines.find((line) => line.facts["reason"] === "the connection broke")?.facts ?? {};
  assert.ok(Array.isArray(servers));
  assert.deepEqual(servers.sort(), [one.address, ...joined].sort());
});
