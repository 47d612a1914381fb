import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeEvent, encodeEvent } from "@sense-alerts/event-contract";
import { eventually, publishNats, runTool, taskDatagram } from "@sense-alerts/test-kit";
import {
  datagramHeaders,
  failedTask,
  letterHeaders,
  type Rejected,
  startRejected,
} from "../fixtures/rejected-stream.js";

async function whenEvents({ events }: Rejected, count: number) {
  await eventually(() => assert.equal(events.length, count));
  return events.map(({ subject, bytes }) => ({ subject, text: Buffer.from(bytes).toString() }));
}

test("makes the event of a datagram that an older version could not read, received when it was", async (t) => {
  const rejected = await startRejected(t);
  const headers = datagramHeaders("unknown-layout");
  await rejected.datagram(Buffer.from(taskDatagram({ taskName: "Läs" }), "latin1"), headers);
  const { code, stdout, stderr } = await rejected.run("replay", "1");
  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(stdout, "1  replayed: it is sequence 1 on sense.task.failed\n1 replayed, 0 left as they are.\n");
  await whenEvents(rejected, 1);
  const decoded = decodeEvent(rejected.events[0]?.bytes ?? Buffer.of());
  assert(decoded.ok && decoded.event.type === "sense.task.failed");
  const { id, time, source, data } = decoded.event;
  assert.deepEqual([id, time, source], [failedTask().id, "2026-11-20T05:30:01.121Z", "/udp-ingest/ingest-1"]);
  assert.deepEqual([data.taskName, data.sourceAddress, data.sourcePort], ["Läs", "10.0.0.5", 51_234]);
  assert.deepEqual(await rejected.left(), []);
});

test("reads with the settings of udp-ingest", async (t) => {
  const env = {
    UDP_FALLBACK_ENCODING: "windows-1251",
    SENSE_TIMEZONE: "Europe/Stockholm",
    UDP_MAX_DATAGRAM_BYTES: "300",
  };
  const rejected = await startRejected(t, {}, env);
  await rejected.datagram(Buffer.from(taskDatagram({ taskName: "\u00c0\u00c1" }), "latin1"));
  await rejected.datagram(taskDatagram({ logMessage: "x".repeat(300) }));
  const { code, stderr } = await rejected.run("replay", "--all");
  assert.deepEqual([code, stderr], [1, "2  stays: still not an event (too-large)\n"]);
  const [event] = await whenEvents(rejected, 1);
  assert.match(event?.text ?? "", /"taskName":"АБ".*"logTimeStampUtc":"2026-11-20T05:30:01\.114Z"/);
});

test("makes no second event of a datagram whose event is in the stream already", async (t) => {
  const rejected = await startRejected(t);
  await rejected.event(failedTask());
  await rejected.datagram(taskDatagram());
  const { code, stdout } = await rejected.run("replay", "1");
  assert.equal(code, 0);
  assert.match(stdout, /^1 {2}was there already, as sequence 1 on sense\.task\.failed$/m);
  assert.deepEqual([await rejected.left(), await rejected.count("SENSE_EVENTS")], [[], 1]);
});

test("leaves what is still no event, says why, and does the others", async (t) => {
  const rejected = await startRejected(t);
  await rejected.datagram("/no-such-tag/;a;b");
  await rejected.datagram(taskDatagram());
  const { code, stdout, stderr } = await rejected.run("replay", "1", "2", "3");
  assert.equal(code, 1);
  assert.equal(stderr, "1  stays: still not an event (unknown-tag)\n3  is not in SENSE_REJECTED\n");
  assert.match(stdout, /^1 replayed, 2 left as they are\.$/m);
  assert.deepEqual(await rejected.left(), [1]);
  await whenEvents(rejected, 1);
});

test("publishes a dead letter on its subject again, though the stream knows the event's id", async (t) => {
  const rejected = await startRejected(t);
  await rejected.event(failedTask());
  await rejected.letter(encodeEvent(failedTask()));
  assert.equal((await rejected.run("replay", "1")).code, 0);
  const [first, second] = await whenEvents(rejected, 2);
  assert.deepEqual(second, first);
  assert.deepEqual(second?.subject, "sense.task.failed");
  assert.deepEqual(await rejected.left(), []);
});

test("publishes a dead letter once when its first replay came to an end before it was removed", async (t) => {
  const mayNotRemove =
    '{ user: person, password: pw, permissions: { publish: { deny: "$JS.API.STREAM.MSG.DELETE.>" } } }';
  const config = `authorization { users: [{ user: anyone, password: pw }, ${mayNotRemove}] }\nno_auth_user: anyone`;
  const rejected = await startRejected(t, { config });
  await rejected.letter(encodeEvent(failedTask()));
  const env = { NATS_URL: rejected.nats.url, NATS_USER: "person", NATS_PASSWORD: "pw" };
  const first = await runTool(t, "dead-letters", ["replay", "1"], env);
  assert.equal(first.code, 1);
  assert.match(first.stderr, /^dead-letters: the server's permissions do not allow it: .*MSG\.DELETE/);
  assert.deepEqual([await rejected.left(), await rejected.count("SENSE_EVENTS")], [[1], 1]);
  const second = await rejected.run("replay", "1");
  assert.match(second.stdout, /^1 {2}was there already, as sequence 1 on sense\.task\.failed\n/);
  assert.deepEqual([await rejected.left(), await rejected.count("SENSE_EVENTS")], [[], 1]);
});

test("publishes two dead letters of one event as two", async (t) => {
  const rejected = await startRejected(t);
  await rejected.letter(encodeEvent(failedTask()));
  await rejected.letter(encodeEvent(failedTask()));
  assert.equal((await rejected.run("replay", "--all")).code, 0);
  await whenEvents(rejected, 2);
});

test("replays what cannot be read here either, and says what to expect", async (t) => {
  const rejected = await startRejected(t);
  await rejected.letter("no JSON", letterHeaders("not-json"));
  const { code, stdout } = await rejected.run("replay", "1");
  assert.equal(code, 0);
  assert.match(stdout, /it will be a dead letter again \(not-json\)/);
  assert.deepEqual(await whenEvents(rejected, 1), [{ subject: "sense.task.failed", text: "no JSON" }]);
});

test("replays the whole of an event of which the dead letter holds the beginning, and none that is not it", async (t) => {
  const rejected = await startRejected(t);
  const large = failedTask("x".repeat(5_000));
  const bytes = encodeEvent(large);
  await rejected.event(large);
  await rejected.event({ ...large, id: "other" });
  const headers = { ...letterHeaders(), "Sense-Payload-Bytes": String(bytes.length) };
  await rejected.letter(bytes.subarray(0, 1_024), headers);
  await rejected.letter(bytes.subarray(0, 1_024), { ...headers, "Sense-Sequence": "2" });
  await rejected.letter(bytes.subarray(0, 1_024), { ...headers, "Sense-Sequence": "77" });
  const { code, stderr } = await rejected.run("replay", "--all");
  assert.equal(code, 1);
  assert.equal(stderr.match(/stays: the whole event is no longer in its stream/g)?.length, 2);
  const events = await whenEvents(rejected, 3);
  assert.equal(events[2]?.text, Buffer.from(bytes).toString());
  assert.deepEqual(await rejected.left(), [2, 3]);
});

test("publishes nothing on a subject that is none of events", async (t) => {
  const rejected = await startRejected(t);
  for (const subject of ["$JS.API.STREAM.DELETE.SENSE_EVENTS", "sense.rejected", "sense.task.>", ""]) {
    await rejected.letter("{}", { ...letterHeaders(), "Sense-Subject": subject });
  }
  const { code, stderr } = await rejected.run("replay", "--all");
  assert.equal(code, 1);
  assert.equal(stderr.match(/is not a subject of events$/gm)?.length, 4);
  assert.ok((await rejected.nats.stream("SENSE_EVENTS")) !== undefined);
  assert.equal(await rejected.count(), 4);
});

test("takes datagrams that were never read only when their reason or their sequence is given", async (t) => {
  const rejected = await startRejected(t);
  for (const [n, reason] of [
    "source-not-allowed",
    "source-rate-exceeded",
    "source-not-allowed",
    "no-guids",
  ].entries()) {
    await rejected.datagram(taskDatagram({ executionId: "", logMessage: `${n}` }), datagramHeaders(reason));
  }
  const all = await rejected.run("replay", "--all");
  assert.equal(all.code, 0);
  assert.match(
    all.stdout,
    /^3 were never read and stay: name their sequences, or --all --reason source-not-allowed or/m,
  );
  assert.deepEqual(await rejected.left(), [1, 2, 3]);
  assert.equal((await rejected.run("replay", "--all", "--kind", "rejected")).code, 0);
  assert.deepEqual(await rejected.left(), [1, 2, 3]);
  assert.equal((await rejected.run("replay", "--all", "--reason", "source-not-allowed")).code, 0);
  assert.deepEqual(await rejected.left(), [2]);
  assert.equal((await rejected.run("replay", "2")).code, 0);
  assert.deepEqual(await rejected.left(), []);
  await whenEvents(rejected, 4);
});

test("removes nothing that NATS has not stored", async (t) => {
  const rejected = await startRejected(t);
  await rejected.letter(encodeEvent(failedTask()));
  await rejected.datagram(taskDatagram());
  await publishNats(rejected.nats.port, [{ subject: "$JS.API.STREAM.DELETE.SENSE_EVENTS", payload: "" }]);
  await eventually(async () => assert.equal(await rejected.nats.stream("SENSE_EVENTS"), undefined), { intervalMs: 1 });
  const { code, stderr } = await rejected.run("replay", "--all");
  assert.equal(code, 1, stderr);
  assert.match(stderr, /stays: there is no JetStream, or no stream SENSE_EVENTS$/m);
  assert.deepEqual(await rejected.left(), [1, 2]);
});
