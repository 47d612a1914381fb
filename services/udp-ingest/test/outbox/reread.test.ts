import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeEvent } from "@sense-alerts/event-contract";
import { taskDatagram } from "@sense-alerts/test-kit";
import { rejectedMessage } from "../../src/messages.js";
import { createRereader } from "../../src/outbox/reread.js";

const settings = {
  subjectPrefix: "acme",
  maxDatagramBytes: 65_507,
  fallbackEncoding: "windows-1252",
  senseTimezone: "Europe/Stockholm",
};
const receivedAtMs = Date.UTC(2026, 10, 20, 5, 30, 1, 121);
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const datagram = Buffer.from(taskDatagram({ taskName: "Läs" }), "latin1");

/** What stands on the subject for rejected datagrams after an older version could not read this one. */
function rejected(bytes: Buffer, address = "10.0.0.5") {
  const facts = { bytes, address, port: 51_234, receivedAtMs, traceparent, reason: "unknown-tag" } as const;
  const { payload, headers = {} } = rejectedMessage(facts, "rejected:1", "ingest-1", "acme");
  return { bytes: payload, headers, storedAtMs: 0 };
}

test("reads a datagram that was rejected once as if it were received at that time, from that source", () => {
  const again = createRereader(settings)(rejected(datagram));
  assert(again.ok);
  const { event, message } = again;
  assert.equal(event.type, "sense.task.failed");
  assert.deepEqual(
    [event.time, event.source, event.data.sourceAddress, event.data.sourcePort, event.data.logTimeStampUtc],
    ["2026-11-20T05:30:01.121Z", "/udp-ingest/ingest-1", "10.0.0.5", 51_234, "2026-11-20T05:30:01.114Z"],
  );
  assert.equal("taskName" in event.data && event.data.taskName, "Läs");
  assert.deepEqual([message.subject, message.id], ["acme.task.failed", event.id]);
  assert.deepEqual(decodeEvent(message.payload), { ok: true, event });
});

test("goes on with the trace of the datagram, and begins one where there is none", () => {
  const reread = createRereader(settings);
  const { headers, ...rest } = rejected(datagram);
  const traceOf = (given: object) => {
    const again = reread({ ...rest, headers: { ...headers, ...given } });
    return again.ok ? again.event.traceparent : assert.fail(again.reason);
  };
  assert.equal(traceOf({}), traceparent);
  for (const other of ["", "00-1-2-01", `${traceparent}\n`]) {
    assert.match(traceOf({ traceparent: other }) ?? "", /^00-(?!0af76519)[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  }
});

test("knows an IPv6 source again", () => {
  const again = createRereader(settings)(rejected(datagram, "fd00::5"));
  assert.deepEqual(again.ok && [again.event.data.sourceAddress, again.event.data.sourcePort], ["fd00::5", 51_234]);
});

test("says why a datagram is still none that can be read", () => {
  const reread = createRereader(settings);
  assert.deepEqual(reread(rejected(Buffer.from("/no-such-tag/;a;b"))), { ok: false, reason: "unknown-tag" });
  assert.deepEqual(reread(rejected(Buffer.alloc(0))), { ok: false, reason: "empty" });
});

test("holds the datagram to the size that is taken today", () => {
  const reread = createRereader({ ...settings, maxDatagramBytes: datagram.length - 1 });
  assert.deepEqual(reread(rejected(datagram)), { ok: false, reason: "too-large" });
});

for (const [what, headers] of [
  ["no headers", {}],
  [
    "headers that make no sense",
    { "Sense-Source": "10.0.0.5:99999", "Sense-Received-At": "soon", "Sense-Instance": "a/b" },
  ],
] as const) {
  test(`takes the time of storing, and no source, for a datagram with ${what}`, () => {
    const again = createRereader(settings)({ bytes: datagram, headers, storedAtMs: receivedAtMs });
    assert(again.ok);
    const { time, source, data } = again.event;
    assert.deepEqual([time, data.sourceAddress, data.sourcePort], ["2026-11-20T05:30:01.121Z", "", 0]);
    assert.equal(source, what === "no headers" ? "/udp-ingest/unknown" : "/udp-ingest/a%2Fb");
  });
}
