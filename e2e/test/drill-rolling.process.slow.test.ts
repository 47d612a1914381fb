import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { eventually, startService } from "@sense-alerts/test-kit";
import { allDelivered, atRest, createSender, report, short } from "../src/drill.js";
import { createPods, noNamespaces } from "../src/pods.js";
import { startServers } from "../src/stack.js";

/** What a cluster takes to follow a pod that is not ready any more, and more. */
const followMs = 1_000;

test("a rolling restart of udp-ingest under one Service address loses nothing while a sender keeps on", {
  skip: noNamespaces,
}, async (t) => {
  const pods = createPods(t);
  const { nats, subscriber, env } = await startServers(t, { nats: { args: ["-a", "0.0.0.0"] } });
  async function startPod() {
    const pod = pods.add();
    const podEnv = {
      NATS_URL: `nats://${pod.nodeAddress}:${nats.port}`,
      ...{ HTTP_HOST: pod.address, UDP_HOST: "0.0.0.0", UDP_PORT: "9998", UDP_DRAIN_SECONDS: "4" },
    };
    const ingest = await startService(t, "udp-ingest", podEnv, { waitFor: "ready", namespace: pod.namespace });
    return { pod, ingest };
  }
  let current = await startPod();
  pods.routeTo(current.pod);
  const alerter = await startService(t, "mqtt-alerter", env, { waitFor: "ready" });
  const rounds = short(2, 20);
  const sender = createSender([9998], pods.serviceAddress);
  const sending = sender.send(rounds * 2_500, 500);
  for (let round = 1; round <= rounds; round++) {
    const next = await startPod();
    const stopping = current.ingest.stop();
    await eventually(async () => assert.equal((await current.ingest.readyz()).status, 503));
    await wait(followMs);
    pods.routeTo(next.pod);
    assert.equal((await stopping).code, 0);
    current.pod.remove();
    current = next;
  }
  await sending;
  const figures = await allDelivered(subscriber, sender.sent);
  await atRest(nats, [current.ingest], [alerter]);
  assert.equal(figures.repeats, 0);
  report(t, { ...figures, rounds });
});
