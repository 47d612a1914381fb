import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "@sense-alerts/test-kit";
import { allDelivered, atRest, createSender, report } from "../src/drill.js";
import { startStack } from "../src/stack.js";

test("5,000 datagrams during an outage of NATS are 5,000 events after it, in order", async (t) => {
  const stack = await startStack(t);
  const { nats, ingest, alerter, subscriber } = stack;
  const sender = createSender([await ingest.udpPort()]);
  await nats.stop();
  await sender.send(5_000, 2_500);
  await eventually(async () => {
    assert.ok((await ingest.metric("sensealerts_ingest_buffered_events")) >= 5_000);
  });
  assert.equal(await ingest.metric("sensealerts_ingest_kernel_dropped_datagrams_total"), 0);
  await nats.start();
  const figures = await allDelivered(subscriber, sender.sent);
  await atRest(nats, [ingest], [alerter]);
  assert.equal((await nats.stream("SENSE_EVENTS"))?.state.messages, 5_001);
  assert.equal(figures.repeats, 0);
  report(t, { ...figures });
});
