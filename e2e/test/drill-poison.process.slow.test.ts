import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { test } from "node:test";
import {
  eventually,
  type NatsPublication,
  publishNats,
  runTool,
  sendDatagram,
  startMosquitto,
  startService,
  taskDatagram,
} from "@sense-alerts/test-kit";
import { alertOf, messagesOf, newTask } from "../src/alerts.js";
import { allDelivered, atRest, createSender, executionsOn, fullTopic, report, short } from "../src/drill.js";
import { startServers, startStack } from "../src/stack.js";
import { subscribeNats } from "../src/subscribe-nats.js";

/**
 * mosquitto refuses what is longer with PUBACK 0x95. With `max_queued_messages 0` mosquitto 2.0 closes the connection
 * after it.
 */
const refusing = { broker: { config: "message_size_limit 20000\nmax_queued_messages 1000000" } };
const tooLong = "x".repeat(30_000);

/** One of each kind that nothing of ours would publish, on subjects of events. */
function poison(): NatsPublication[] {
  const payloads = [
    randomBytes(200),
    "",
    '{"specversion":"1.0"',
    '{"type":"sense.task.queued"}',
    '{"type":"sense.task.failed","id":"a"}',
    "null",
    "x".repeat(500_000),
  ];
  return payloads.map((payload, index) => ({
    subject: index % 2 === 0 ? "sense.task.failed" : "sense.ingest.status",
    payload,
  }));
}

const reasons = ["invalid-event", "not-json", "packet-too-large", "unknown-type"];

test("poison among the alerts is dead letters in three deliveries at most, and every alert is delivered, with an alerter killed in the midst", async (t) => {
  const { nats, subscriber, env } = await startServers(t, refusing);
  const letters = await subscribeNats(t, nats.port, "sense.dead-letter");
  const ingest = await startService(t, "udp-ingest", env, { waitFor: "ready" });
  const port = await ingest.udpPort();
  const sender = createSender([port]);
  const alerterEnv = { ...env, MQTT_MAX_INFLIGHT: "64" };
  let alerter = await startService(t, "mqtt-alerter", alerterEnv, { waitFor: "ready" });
  const rounds = short(20, 200);
  let poisoned = 0;
  const sending = (async () => {
    for (let round = 0; round < rounds; round++) {
      const mixed = poison();
      await Promise.all([sender.send(50, 500), publishNats(nats.port, mixed)]);
      await sendDatagram(port, taskDatagram({ executionId: randomUUID(), logMessage: tooLong }));
      poisoned += mixed.length + 1;
    }
  })();
  while (executionsOn(subscriber, fullTopic).length < rounds * 20) await new Promise(setImmediate);
  await alerter.stop("SIGKILL");
  alerter = await startService(t, "mqtt-alerter", alerterEnv, { waitFor: "ready" });
  await sending;
  // The basic message of an event whose full one is refused is published: those are the strangers.
  const patience = { strangers: true, timeoutMs: short(60_000, 600_000) };
  const figures = await allDelivered(subscriber, sender.sent, patience);
  await atRest(nats, [ingest], [alerter]);

  assert.equal((await nats.stream("SENSE_DEAD_LETTERS"))?.state.messages, poisoned);
  // NATS passes on also what it then knows for a repetition and does not store.
  const stored = [...new Map(letters.messages.map(({ headers }) => [headers["Nats-Msg-Id"], headers])).values()];
  assert.equal(stored.length, poisoned);
  assert.deepEqual([...new Set(stored.map((headers) => headers["Sense-Reason"]))].sort(), reasons);
  const sequences = new Set(stored.map((headers) => headers["Sense-Sequence"]));
  assert.equal(sequences.size, poisoned);
  for (const headers of stored) {
    const lane = headers["Sense-Reason"] === "packet-too-large" ? "full" : "basic";
    assert.equal(headers["Sense-Consumer"], `mqtt-alerter-${lane}`);
  }
  for (const headers of stored) assert.match(headers["Sense-Subject"] ?? "", /^sense\.(task\.failed|ingest\.status)$/);
  const mostDeliveries = Math.max(...stored.map((headers) => Number(headers["Sense-Deliveries"])));
  assert.ok(mostDeliveries <= 3, `${mostDeliveries} deliveries`);
  const events = await nats.stream("SENSE_EVENTS");
  const floors = events?.consumer_detail?.map(({ ack_floor }) => ack_floor.stream_seq);
  assert.deepEqual(floors, [events?.state.last_seq, events?.state.last_seq]);
  report(t, { ...figures, poisoned, mostDeliveries });
});

test("what was refused and what was unreadable is found, replayed by the same alerter and dropped with the tool", async (t) => {
  const stack = await startStack(t, refusing);
  const { nats, broker, ingest, alerter, subscriber, env } = stack;
  const tool = (...args: string[]) => runTool(t, "dead-letters", args, env);
  const left = async () => {
    const streams = await Promise.all(["SENSE_DEAD_LETTERS", "SENSE_REJECTED"].map((name) => nats.stream(name)));
    return streams.reduce((sum, stream) => sum + (stream?.state.messages ?? 0), 0);
  };
  const large = newTask({ logMessage: tooLong });
  const old = newTask();
  await stack.send(large.datagram);
  await eventually(async () => assert.equal(await left(), 1));
  await publishNats(nats.port, [
    { subject: "sense.rejected", payload: old.datagram, headers: { "Sense-Reason": "unknown-layout" } },
    { subject: "sense.task.failed", payload: "garbage" },
  ]);
  await eventually(async () => assert.equal(await left(), 3));

  const listed = await tool("list", "--json");
  const entries = listed.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(entries.map(({ address, kind, reason }) => [address, kind, reason]).sort(), [
    ["d1", "dead-letter", "packet-too-large"],
    ["d2", "dead-letter", "not-json"],
    ["r1", "rejected", "unknown-layout"],
  ]);
  assert.match(
    (await tool("show", "d1")).stdout,
    new RegExp(`^as an event +sense\\.task\\.failed ${entries[0].eventId},`, "m"),
  );

  // As long as the broker refuses it, it comes back as another dead letter.
  assert.equal((await tool("replay", "d1")).code, 0);
  await eventually(async () => assert.match((await tool("list")).stdout, /^ +d3 .* packet-too-large /m));
  assert.ok(messagesOf(subscriber, large.taskName).every(({ topic }) => topic !== fullTopic));

  await broker.stop();
  await startMosquitto(t, { port: broker.port });
  await eventually(() => assert.equal(subscriber.grants(), 2));
  await alerter.ready();
  const replayed = await tool("replay", "--all");
  assert.equal(replayed.code, 0, replayed.stderr);
  assert.match(replayed.stdout, /^3 replayed, 0 left as they are\.$/m);
  const full = await eventually(() => {
    const found = messagesOf(subscriber, large.taskName).find(({ topic }) => topic === fullTopic);
    assert(found !== undefined, "the full message has not come");
    return JSON.parse(found.text);
  });
  assert.deepEqual([full.eventId, full.logMessage.length], [entries[0].eventId, tooLong.length]);
  assert.equal((await alertOf(subscriber, old.taskName)).object["taskName"], old.taskName);

  await eventually(async () => assert.match((await tool("list")).stdout, /^ +d4 .* not-json /m));
  assert.equal((await tool("drop", "--all")).code, 2);
  assert.equal((await tool("drop", "--all", "--yes")).code, 0);
  assert.equal(await left(), 0);
  await atRest(nats, [ingest], [alerter]);
  const counted = (reason: string) => alerter.metric("sensealerts_alerter_dead_letters_total", { reason });
  assert.deepEqual([await counted("packet-too-large"), await counted("not-json")], [2, 2]);
});
