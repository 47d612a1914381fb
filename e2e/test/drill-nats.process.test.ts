import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { eventually } from "@sense-alerts/test-kit";
import { allDelivered, atRest, createSender, report, short } from "../src/drill.js";
import { startStack } from "../src/stack.js";

test("NATS hung and then killed, round after round: both services go on by themselves and nothing is lost", async (t) => {
  const stack = await startStack(t);
  const { nats, ingest, alerter, subscriber } = stack;
  const sender = createSender([await ingest.udpPort()]);
  let slowestMs = 0;
  const rounds = short(2, 20);
  for (let round = 1; round <= rounds; round++) {
    await sender.send(100, 1_000);
    nats.suspend();
    await sender.send(100, 1_000);
    await wait(short(3_000, 15_000));
    await nats.stop("SIGKILL");
    await sender.send(100, 1_000);
    assert.equal((await ingest.readyz()).status, 200);
    assert.equal((await alerter.readyz()).status, 503);
    await nats.start();
    const backMs = performance.now();
    await eventually(async () => assert.equal((await alerter.readyz()).status, 200), { timeoutMs: 20_000 });
    slowestMs = Math.max(slowestMs, performance.now() - backMs);
    await allDelivered(subscriber, sender.sent);
  }
  const figures = await allDelivered(subscriber, sender.sent);
  await atRest(nats, [ingest], [alerter]);
  const stored = (await nats.stream("SENSE_EVENTS"))?.state.messages;
  assert.equal(stored, sender.sent.length + 1, "each event once, and the socket's start");
  assert.ok(slowestMs < 5_000, `took ${Math.round(slowestMs)} ms to come back`);
  report(t, { ...figures, rounds, slowestBackMs: Math.round(slowestMs) });
});
