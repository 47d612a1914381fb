import assert from "node:assert/strict";
import { test } from "node:test";
import { startService } from "@sense-alerts/test-kit";
import { allDelivered, atRest, createSender, report, short } from "../src/drill.js";
import { startServers } from "../src/stack.js";
import { startUdpRelay } from "../src/udp-relay.js";

test("a rolling restart of udp-ingest behind a load balancer loses nothing while a sender keeps on", async (t) => {
  const { nats, subscriber, env } = await startServers(t);
  const startIngest = () => startService(t, "udp-ingest", { ...env, UDP_DRAIN_SECONDS: "4" }, { waitFor: "ready" });
  const relay = await startUdpRelay(t);
  let ingest = await startIngest();
  await relay.add(ingest);
  const alerter = await startService(t, "mqtt-alerter", env, { waitFor: "ready" });
  const rounds = short(2, 20);
  const sender = createSender([relay.port]);
  const sending = sender.send(rounds * 2_500, 500);
  for (let round = 1; round <= rounds; round++) {
    const next = await startIngest();
    await relay.add(next);
    // The old one is ahead of the new one in the relay until it says that it is not ready.
    const { code } = await ingest.stop();
    assert.equal(code, 0);
    relay.remove(ingest);
    ingest = next;
  }
  await sending;
  const figures = await allDelivered(subscriber, sender.sent);
  await atRest(nats, [ingest], [alerter]);
  assert.equal(figures.repeats, 0);
  report(t, { ...figures, rounds });
});
