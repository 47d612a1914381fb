import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { allDelivered, atRest, createSender, executionsOn, fullTopic, lasting, report, short } from "../src/drill.js";
import { startStack } from "../src/stack.js";

test("a broker that is stopped and comes back costs no alert, no order and no second delivery", async (t) => {
  const stack = await startStack(t, lasting);
  const { broker, nats, alerter, ingest, subscriber } = stack;
  const sender = createSender([await ingest.udpPort()]);
  await sender.send(200, 500);
  await broker.stop();
  const cpuBefore = await alerter.metric("process_cpu_seconds_total");
  const startMs = performance.now();
  await sender.send(1_000, 500);
  await wait(short(2_000, 10 * 60_000));
  assert.equal((await alerter.readyz()).status, 503);
  assert.ok((await alerter.metric("sensealerts_alerter_events_in_hand", { lane: "full" })) <= 256);
  const cpuPercent =
    (((await alerter.metric("process_cpu_seconds_total")) - cpuBefore) / (performance.now() - startMs)) * 100_000;
  await broker.start();
  await sender.send(200, 500);
  const figures = await allDelivered(subscriber, sender.sent);
  await atRest(nats, [ingest], [alerter]);
  for (const lane of (await nats.stream("SENSE_EVENTS"))?.consumer_detail ?? []) assert.equal(lane.num_redelivered, 0);
  assert.deepEqual([...new Set(executionsOn(subscriber, fullTopic))], sender.sent);
  report(t, { ...figures, cpuPercentWhileAway: Math.round(cpuPercent * 10) / 10 });
});
