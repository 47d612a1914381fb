import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeEvent, encodeEvent } from "@sense-alerts/event-contract";
import { eventually, publishNats, runTool, taskDatagram } from "@sense-alerts/test-kit";
import { datagramHeaders, failedTask, letterHeaders, type Parked, startParked } from "../fixtures/parked-streams.js";

async function whenEvents({ events }: Parked, count: number) {
  await eventually(() => assert.equal(events.length, count));
  return events.map(({ subject, bytes }) => ({ subject, text: Buffer.from(bytes).toString() }));
}

test("makes the event of a datagram that an older version could not read, received when it was", async (t) => {
  const parked = await startParked(t);
  const headers = datagramHeaders("unknown-layout");
  await parked.datagram(Buffer.from(taskDatagram({ taskName: "Läs" }), "latin1"), headers);
  const { code, stdout, stderr } = await parked.run("replay", "r1");
  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(stdout, "r1  replayed: it is sequence 1 on sense.task.failed\n1 replayed, 0 left as they are.\n");
  await whenEvents(parked, 1);
  const decoded = decodeEvent(parked.events[0]?.bytes ?? Buffer.of());
  assert(decoded.ok && decoded.event.type === "sense.task.failed");
  const { id, time, source, data } = decoded.event;
  assert.deepEqual([id, time, source], [failedTask().id, "2026-11-20T05:30:01.121Z", "/udp-ingest/ingest-1"]);
  assert.deepEqual([data.taskName, data.sourceAddress, data.sourcePort], ["Läs", "10.0.0.5", 51_234]);
  assert.deepEqual(await parked.left(), []);
});

test("reads with the settings of udp-ingest", async (t) => {
  const env = {
    UDP_FALLBACK_ENCODING: "windows-1251",
    SENSE_TIMEZONE: "Europe/Stockholm",
    UDP_MAX_DATAGRAM_BYTES: "300",
  };
  const parked = await startParked(t, {}, env);
  await parked.datagram(Buffer.from(taskDatagram({ taskName: "\u00c0\u00c1" }), "latin1"));
  await parked.datagram(taskDatagram({ logMessage: "x".repeat(300) }));
  const { code, stderr } = await parked.run("replay", "--all");
  assert.deepEqual([code, stderr], [1, "r2  stays: still not an event (too-large)\n"]);
  const [event] = await whenEvents(parked, 1);
  assert.match(event?.text ?? "", /"taskName":"АБ".*"logTimeStampUtc":"2026-11-20T05:30:01\.114Z"/);
});

test("makes no second event of a datagram whose event is in the stream already", async (t) => {
  const parked = await startParked(t);
  await parked.event(failedTask());
  await parked.datagram(taskDatagram());
  const { code, stdout } = await parked.run("replay", "r1");
  assert.equal(code, 0);
  assert.match(stdout, /^r1 {2}was there already, as sequence 1 on sense\.task\.failed$/m);
  assert.deepEqual([await parked.left(), await parked.count("SENSE_EVENTS")], [[], 1]);
});

test("leaves what is still no event, says why, and does the others", async (t) => {
  const parked = await startParked(t);
  await parked.datagram("/no-such-tag/;a;b");
  await parked.datagram(taskDatagram());
  const { code, stdout, stderr } = await parked.run("replay", "r1", "r2", "r3");
  assert.equal(code, 1);
  assert.equal(stderr, "r1  stays: still not an event (unknown-tag)\nr3  is not in SENSE_REJECTED\n");
  assert.match(stdout, /^1 replayed, 2 left as they are\.$/m);
  assert.deepEqual(await parked.left(), ["r1"]);
  await whenEvents(parked, 1);
});

test("publishes a dead letter on its subject again, though the stream knows the event's id", async (t) => {
  const parked = await startParked(t);
  await parked.event(failedTask());
  await parked.letter(encodeEvent(failedTask()));
  assert.equal((await parked.run("replay", "d1")).code, 0);
  const [first, second] = await whenEvents(parked, 2);
  assert.deepEqual(second, first);
  assert.deepEqual(second?.subject, "sense.task.failed");
  assert.deepEqual(await parked.left(), []);
});

test("publishes a dead letter once when its first replay came to an end before it was removed", async (t) => {
  const mayNotRemove =
    '{ user: person, password: pw, permissions: { publish: { deny: "$JS.API.STREAM.MSG.DELETE.>" } } }';
  const config = `authorization { users: [{ user: anyone, password: pw }, ${mayNotRemove}] }\nno_auth_user: anyone`;
  const parked = await startParked(t, { config });
  await parked.letter(encodeEvent(failedTask()));
  const env = { NATS_URL: parked.nats.url, NATS_USER: "person", NATS_PASSWORD: "pw" };
  const first = await runTool(t, "dead-letters", ["replay", "d1"], env);
  assert.equal(first.code, 1);
  assert.match(first.stderr, /^dead-letters: the server's permissions do not allow it: .*MSG\.DELETE/);
  assert.deepEqual([await parked.left(), await parked.count("SENSE_EVENTS")], [["d1"], 1]);
  const second = await parked.run("replay", "d1");
  assert.match(second.stdout, /^d1 {2}was there already, as sequence 1 on sense\.task\.failed\n/);
  assert.deepEqual([await parked.left(), await parked.count("SENSE_EVENTS")], [[], 1]);
});

test("publishes two dead letters of one event as two", async (t) => {
  const parked = await startParked(t);
  await parked.letter(encodeEvent(failedTask()));
  await parked.letter(encodeEvent(failedTask()));
  assert.equal((await parked.run("replay", "--all")).code, 0);
  await whenEvents(parked, 2);
});

test("replays what cannot be read here either, and says what to expect", async (t) => {
  const parked = await startParked(t);
  await parked.letter("no JSON", letterHeaders("not-json"));
  const { code, stdout } = await parked.run("replay", "d1");
  assert.equal(code, 0);
  assert.match(stdout, /it will be a dead letter again \(not-json\)/);
  assert.deepEqual(await whenEvents(parked, 1), [{ subject: "sense.task.failed", text: "no JSON" }]);
});

test("replays the whole of an event of which the dead letter holds the beginning, and none that is not it", async (t) => {
  const parked = await startParked(t);
  const large = failedTask("x".repeat(5_000));
  const bytes = encodeEvent(large);
  await parked.event(large);
  await parked.event({ ...large, id: "other" });
  const headers = { ...letterHeaders(), "Sense-Payload-Bytes": String(bytes.length) };
  await parked.letter(bytes.subarray(0, 1_024), headers);
  await parked.letter(bytes.subarray(0, 1_024), { ...headers, "Sense-Sequence": "2" });
  await parked.letter(bytes.subarray(0, 1_024), { ...headers, "Sense-Sequence": "77" });
  const { code, stderr } = await parked.run("replay", "--all");
  assert.equal(code, 1);
  assert.equal(stderr.match(/stays: the whole event is no longer in its stream/g)?.length, 2);
  const events = await whenEvents(parked, 3);
  assert.equal(events[2]?.text, Buffer.from(bytes).toString());
  assert.deepEqual(await parked.left(), ["d2", "d3"]);
});

test("publishes nothing on a subject that is none of events", async (t) => {
  const parked = await startParked(t);
  for (const subject of ["$JS.API.STREAM.DELETE.SENSE_EVENTS", "sense.rejected", "sense.task.>", ""]) {
    await parked.letter("{}", { ...letterHeaders(), "Sense-Subject": subject });
  }
  const { code, stderr } = await parked.run("replay", "--all");
  assert.equal(code, 1);
  assert.equal(stderr.match(/is not a subject of events$/gm)?.length, 4);
  assert.ok((await parked.nats.stream("SENSE_EVENTS")) !== undefined);
  assert.equal(await parked.count("SENSE_DEAD_LETTERS"), 4);
});

test("takes datagrams that were never read only when their reason or their address is given", async (t) => {
  const parked = await startParked(t);
  for (const [n, reason] of [
    "source-not-allowed",
    "source-rate-exceeded",
    "source-not-allowed",
    "no-guids",
  ].entries()) {
    await parked.datagram(taskDatagram({ executionId: "", logMessage: `${n}` }), datagramHeaders(reason));
  }
  const all = await parked.run("replay", "--all");
  assert.equal(all.code, 0);
  assert.match(
    all.stdout,
    /^3 were never read and stay: name their addresses, or --all --reason source-not-allowed or/m,
  );
  assert.deepEqual(await parked.left(), ["r1", "r2", "r3"]);
  assert.equal((await parked.run("replay", "--all", "--kind", "rejected")).code, 0);
  assert.deepEqual(await parked.left(), ["r1", "r2", "r3"]);
  assert.equal((await parked.run("replay", "--all", "--reason", "source-not-allowed")).code, 0);
  assert.deepEqual(await parked.left(), ["r2"]);
  assert.equal((await parked.run("replay", "r2")).code, 0);
  assert.deepEqual(await parked.left(), []);
  await whenEvents(parked, 4);
});

test("removes nothing that NATS has not stored", async (t) => {
  const parked = await startParked(t);
  await parked.letter(encodeEvent(failedTask()));
  await parked.datagram(taskDatagram());
  await parked.stopReading();
  await publishNats(parked.nats.port, [{ subject: "$JS.API.STREAM.DELETE.SENSE_EVENTS", payload: "" }]);
  await eventually(async () => assert.equal(await parked.nats.stream("SENSE_EVENTS"), undefined), { intervalMs: 1 });
  const { code, stderr } = await parked.run("replay", "--all");
  assert.equal(code, 1, stderr);
  assert.match(stderr, /stays: there is no JetStream, or no stream SENSE_EVENTS$/m);
  assert.deepEqual(await parked.left(), ["d1", "r1"]);
});

test("replays and drops dead letters of version 0.1, which are among the rejected datagrams", async (t) => {
  const parked = await startParked(t);
  await parked.letter("new");
  await parked.oldLetter(encodeEvent(failedTask()));
  await parked.oldLetter("{}", letterHeaders("invalid-event"));
  assert.deepEqual(await parked.left(), ["d1", "r1", "r2"]);
  assert.match((await parked.run("show", "r1")).stdout, /^address +r1, sequence 1 of SENSE_REJECTED$/m);
  assert.equal((await parked.run("replay", "r1")).code, 0);
  await whenEvents(parked, 1);
  assert.equal((await parked.run("drop", "r2")).code, 0);
  assert.deepEqual(await parked.left(), ["d1"]);
});

test("replays an event for the consumer that could not deliver it, and for all when none could decode it", async (t) => {
  const parked = await startParked(t);
  const consumer = { "Sense-Consumer": "mqtt-alerter-full" };
  await parked.letter(encodeEvent(failedTask()), { ...letterHeaders("topic-refused"), ...consumer });
  await parked.letter(encodeEvent(failedTask()), { ...letterHeaders("invalid-event"), ...consumer });
  assert.equal((await parked.run("replay", "--all")).code, 0);
  const events = await whenEvents(parked, 2);
  assert.deepEqual(
    events.map(({ text }) => JSON.parse(text).consumer),
    ["mqtt-alerter-full", undefined],
  );
});
