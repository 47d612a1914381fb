import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "@sense-alerts/test-kit";
import { allDelivered, atRest, createSender, lasting, report } from "../src/drill.js";
import { startStack } from "../src/stack.js";

test("a broker that hangs and goes on costs no alert and no redelivery", async (t) => {
  const stack = await startStack(t, {
    ...lasting,
    alerterEnv: { MQTT_MAX_INFLIGHT: "100", MQTT_PUBACK_TIMEOUT_SECONDS: "10" },
  });
  const { broker, nats, alerter, ingest, subscriber } = stack;
  const sender = createSender([await ingest.udpPort()]);
  await sender.send(100, 500);
  broker.suspend();
  await sender.send(400, 500);
  await eventually(async () => assert.equal((await alerter.readyz()).status, 503), { timeoutMs: 30_000 });
  assert.ok((await alerter.metric("sensealerts_alerter_events_in_hand", { lane: "full" })) <= 100);
  const handedOut = (await nats.stream("SENSE_EVENTS"))?.consumer_detail?.[0]?.num_ack_pending ?? 0;
  assert.ok(handedOut <= 100, `${handedOut} are handed out`);
  broker.resume();
  const figures = await allDelivered(subscriber, sender.sent);
  await atRest(nats, [ingest], [alerter]);
  for (const lane of (await nats.stream("SENSE_EVENTS"))?.consumer_detail ?? []) assert.equal(lane.num_redelivered, 0);
  assert.ok(figures.repeats <= 2 * 100, `${figures.repeats} repeats`);
  report(t, { ...figures });
});
