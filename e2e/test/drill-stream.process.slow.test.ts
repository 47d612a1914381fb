import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, startService } from "@sense-alerts/test-kit";
import { allDelivered, atRest, createSender, executionsOn, fullTopic, isSoak, report, short } from "../src/drill.js";
import { startServers, startStack } from "../src/stack.js";
import { askJetStream } from "../src/subscribe-nats.js";

test("a stream that is full refuses events: they are kept, and stored in order when there is room", async (t) => {
  const { nats, subscriber, env } = await startServers(t);
  const stream = {
    name: "SENSE_EVENTS",
    subjects: ["sense.task.*", "sense.engine.*", "sense.ingest.*"],
    retention: "limits",
    storage: "file",
    discard: "new",
    num_replicas: 1,
    duplicate_window: 600e9,
  };
  await askJetStream(t, nats.port, "STREAM.CREATE.SENSE_EVENTS", { ...stream, max_msgs: 301 });
  const [ingest, alerter] = await Promise.all([
    startService(t, "udp-ingest", env, { waitFor: "ready" }),
    startService(t, "mqtt-alerter", env, { waitFor: "ready" }),
  ]);
  await eventually(async () => assert.equal((await nats.stream("SENSE_EVENTS"))?.state.messages, 1));
  const sender = createSender([await ingest.udpPort()]);
  await sender.send(1_000, 1_000);
  await allDelivered(subscriber, sender.sent.slice(0, 300));
  await eventually(async () => assert.equal(await ingest.metric("sensealerts_ingest_buffered_events"), 700));
  assert.equal((await ingest.readyz()).status, 200);
  assert.ok(ingest.logs.some(({ msg }) => msg === "nats did not store a message; it is kept and sent again"));
  await askJetStream(t, nats.port, "STREAM.UPDATE.SENSE_EVENTS", { ...stream, max_msgs: -1 });
  const figures = await allDelivered(subscriber, sender.sent);
  await atRest(nats, [ingest], [alerter]);
  assert.deepEqual(executionsOn(subscriber, fullTopic), sender.sent);
  assert.equal(figures.repeats, 0);
  report(t, { ...figures, keptMeanwhile: 700 });
});

test("a durable consumer that is deleted under load is made anew, and nothing is lost nor told twice", async (t) => {
  const stack = await startStack(t);
  const { nats, ingest, alerter, subscriber } = stack;
  const sender = createSender([await ingest.udpPort()]);
  const rounds = short(2, 20);
  for (let round = 1; round <= rounds; round++) {
    const sending = sender.send(500, 500);
    await eventually(() => assert.ok(executionsOn(subscriber, fullTopic).length > sender.sent.length - 300));
    for (const lane of ["basic", "full"]) {
      await askJetStream(t, nats.port, `CONSUMER.DELETE.SENSE_EVENTS.mqtt-alerter-${lane}`);
    }
    await sending;
    await allDelivered(subscriber, sender.sent);
  }
  const figures = await allDelivered(subscriber, sender.sent);
  await atRest(nats, [ingest], [alerter]);
  assert.equal(figures.repeats, 0, "an alerter that goes on knows the last 10,000 it has delivered");
  report(t, { ...figures, rounds });
});

const minute = { skip: isSoak ? false : "takes over a minute: in the long forms only" };
test(
  "an alerter that finds its consumer deleted alerts nothing older than ALERT_MAX_AGE_MINUTES",
  minute,
  async (t) => {
    const { nats, subscriber, env } = await startServers(t);
    const alerterEnv = { ...env, ALERT_MAX_AGE_MINUTES: "1" };
    const ingest = await startService(t, "udp-ingest", env, { waitFor: "ready" });
    const first = await startService(t, "mqtt-alerter", alerterEnv, { waitFor: "ready" });
    const sender = createSender([await ingest.udpPort()]);
    await sender.send(1_000, 1_000);
    await allDelivered(subscriber, sender.sent);
    await first.stop();
    for (const lane of ["basic", "full"]) {
      await askJetStream(t, nats.port, `CONSUMER.DELETE.SENSE_EVENTS.mqtt-alerter-${lane}`);
    }
    const storedMs = performance.now();
    await eventually(() => assert.ok(performance.now() - storedMs > 61_000), { timeoutMs: 70_000, intervalMs: 500 });
    const second = await startService(t, "mqtt-alerter", alerterEnv, { waitFor: "ready" });
    await sender.send(100, 1_000);
    const figures = await allDelivered(subscriber, sender.sent);
    await atRest(nats, [ingest], [second]);
    assert.equal(figures.repeats, 0);
    assert.equal(await second.metric("sensealerts_alerter_events_total", { lane: "basic", outcome: "too-old" }), 1_001);
    report(t, { ...figures, tooOld: 1_001 });
  },
);
