import assert from "node:assert/strict";
import { test } from "node:test";
import { startService } from "@sense-alerts/test-kit";
import { allDelivered, atRest, createSender, report, short } from "../src/drill.js";
import { startServers } from "../src/stack.js";

test("two ingests that both receive every datagram give each alert once, and either may be killed", async (t) => {
  const { nats, subscriber, env } = await startServers(t);
  const [first, second, alerter] = await Promise.all([
    startService(t, "udp-ingest", { ...env, INSTANCE_ID: "first" }, { waitFor: "ready" }),
    startService(t, "udp-ingest", { ...env, INSTANCE_ID: "second" }, { waitFor: "ready" }),
    startService(t, "mqtt-alerter", env, { waitFor: "ready" }),
  ]);
  const sender = createSender([await first.udpPort(), await second.udpPort()]);
  await sender.send(500, 1_000);
  const sending = sender.send(1_000, 1_000);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await first.stop("SIGKILL");
  await sending;
  const figures = await allDelivered(subscriber, sender.sent);
  await atRest(nats, [second], [alerter]);
  assert.equal(figures.repeats, 0);
  assert.ok((await second.metric("sensealerts_ingest_events_total", { result: "duplicate" })) > 0);
  report(t, { ...figures });
});

test("ingests and alerters started and stopped at will give each alert once", async (t) => {
  const { nats, subscriber, env } = await startServers(t);
  const ingest = await startService(t, "udp-ingest", env, { waitFor: "ready" });
  const sender = createSender([await ingest.udpPort()]);
  const alerters = await Promise.all([1, 2].map(() => startService(t, "mqtt-alerter", env, { waitFor: "ready" })));
  const sending = sender.send(short(2_000, 20_000), 500);
  for (let round = 0; round < short(2, 10); round++) {
    const started = await startService(t, "mqtt-alerter", env, { waitFor: "ready" });
    const stopped = alerters.shift();
    alerters.push(started);
    assert.equal((await stopped?.stop())?.code, 0);
  }
  await sending;
  const figures = await allDelivered(subscriber, sender.sent);
  await atRest(nats, [ingest], alerters);
  assert.equal(figures.repeats, 0);
  report(t, { ...figures });
});
