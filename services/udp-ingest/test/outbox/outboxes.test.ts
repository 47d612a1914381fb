import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Bus, BusMessage } from "@sense-alerts/bus";
import type { EventMessage } from "../../src/messages.js";
import { createOutboxes, type Outboxes } from "../../src/outbox/outboxes.js";
import { captureLog } from "../captured-log.js";
import { createMemoryStream } from "./memory-stream.js";
import { answersDealtWith } from "./outbox-to-memory.js";

function outboxesAt(t: TestContext, maxEvents = 1_000, level: "debug" | "info" = "info") {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const stream = createMemoryStream<BusMessage>();
  const { logger, lines } = captureLog(level);
  const counted: string[] = [];
  const listeners: ((up: boolean) => void)[] = [];
  let clockMs = 0;
  const unexpected = () => assert.fail("not counted by the outboxes");
  const outboxes: Outboxes = createOutboxes({
    bus: { send: stream.send as Bus["send"], onChange: (listener) => listeners.push(listener) },
    spool: undefined,
    maxEvents,
    maxBytes: 1_000_000,
    metrics: {
      received: unexpected,
      rejected: unexpected,
      reported: unexpected,
      settled: (type, result) => counted.push(`${type} ${result}`),
      rejectedSettled: (result) => counted.push(`copy ${result}`),
      rejectedLostAtStop: (copies) => counted.push(`${copies} copies lost at stop`),
      truncated: () => counted.push("truncated"),
      retried: (code) => counted.push(`retry ${code}`),
      answered: unexpected,
      kernelDropped: unexpected,
      spoolRecovered: unexpected,
      spoolTorn: unexpected,
      spoolFailed: unexpected,
      observeNats: unexpected,
      observeBuffer: unexpected,
      observeSpool: unexpected,
      observeSocket: unexpected,
    },
    onEventSettled: () => {},
    logger,
    clockMs: () => clockMs,
  });
  const pass = (ms: number) => {
    clockMs += ms;
    t.mock.timers.tick(ms);
  };
  const tell = (up: boolean) => {
    for (const listener of listeners) listener(up);
  };
  return { outboxes, stream, lines, counted, tell, pass };
}

const event = (id: string): EventMessage => ({
  type: "sense.task.failed",
  subject: "sense.task.failed",
  id,
  payload: Buffer.alloc(10),
});
const copy = (id: string): BusMessage => ({ subject: "sense.rejected", id, payload: Buffer.alloc(10) });

test("stores events and copies of rejected datagrams, and counts them apart", async (t) => {
  const { outboxes, stream, counted, lines } = outboxesAt(t);
  outboxes.events.add(event("a"));
  outboxes.rejected.add(copy("b"));
  outboxes.events.add(event("a"));
  await answersDealtWith();
  assert.deepEqual(stream.stored, ["a", "b"]);
  assert.deepEqual(counted.toSorted(), ["copy stored", "sense.task.failed duplicate", "sense.task.failed stored"]);
  assert.deepEqual(lines(), []);
});

test("writes a line at debug for each message that is settled, with its trace context", async (t) => {
  const { outboxes, lines } = outboxesAt(t, 1_000, "debug");
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  outboxes.events.add({ ...event("a"), headers: { traceparent } });
  outboxes.rejected.add(copy("b"));
  await answersDealtWith();
  const line = { level: "debug", msg: "message settled", result: "stored" };
  assert.deepEqual(lines(), [
    { ...line, eventId: "a", subject: "sense.task.failed", traceparent },
    { ...line, eventId: "b", subject: "sense.rejected" },
  ]);
});

test("sends both again as soon as the bus is back, and not when it goes", async (t) => {
  const { outboxes, stream, tell } = outboxesAt(t);
  stream.breakOff();
  outboxes.events.add(event("a"));
  outboxes.rejected.add(copy("b"));
  await answersDealtWith();
  stream.flow();
  tell(false);
  await answersDealtWith();
  assert.deepEqual(stream.stored, []);
  tell(true);
  await answersDealtWith();
  assert.deepEqual(stream.stored, ["a", "b"]);
});

test("counts a broken connection and leaves it to the bus to log", async (t) => {
  const { outboxes, stream, counted, lines } = outboxesAt(t);
  stream.breakOff();
  outboxes.events.add(event("a"));
  await answersDealtWith();
  assert.deepEqual(counted, ["retry disconnected"]);
  assert.deepEqual(lines(), []);
});

test("warns once a minute of what nats refuses, with how many were suppressed", async (t) => {
  const { outboxes, stream, counted, lines, pass } = outboxesAt(t);
  stream.refuse("refused", "a", "b", "c");
  for (const id of ["a", "b", "c"]) outboxes.events.add(event(id));
  await answersDealtWith();
  assert.deepEqual(counted, Array(3).fill("retry refused"));
  const suppressed = () => lines().map(({ level, msg, suppressed }) => [level, msg, suppressed]);
  const warning = "nats did not store a message; it is kept and sent again";
  assert.deepEqual(suppressed(), [["warn", warning, 0]]);
  pass(60_000);
  await answersDealtWith();
  assert.deepEqual(suppressed().slice(1), [["warn", warning, 2]]);
});

test("writes an error for an event that is lost, once a minute, and counts each", async (t) => {
  const { outboxes, stream, counted, lines } = outboxesAt(t, 2);
  stream.breakOff();
  outboxes.events.add(event("a"));
  await answersDealtWith();
  for (const id of ["b", "c", "d"]) outboxes.events.add(event(id));
  assert.deepEqual(counted.slice(1), Array(2).fill("sense.task.failed dropped-buffer-full"));
  assert.deepEqual(lines(), [
    {
      level: "error",
      msg: "event dropped: it is lost",
      result: "dropped-buffer-full",
      type: "sense.task.failed",
      eventId: "a",
      bytes: 10,
      maxEvents: 2,
      maxBytes: 1_000_000,
      suppressed: 0,
    },
  ]);
});

test("writes an error for an event that is too large for nats", async (t) => {
  const { outboxes, stream, counted, lines } = outboxesAt(t);
  stream.refuse("too-large", "a");
  outboxes.events.add(event("a"));
  await answersDealtWith();
  assert.deepEqual(counted, ["sense.task.failed dropped-too-large"]);
  assert.deepEqual(
    lines().map(({ level, result }) => [level, result]),
    [["error", "dropped-too-large"]],
  );
});

test("lets no flood of rejected datagrams take the place of events", async (t) => {
  const { outboxes, stream, lines, counted } = outboxesAt(t, 10);
  stream.breakOff();
  for (let kept = 0; kept < 10; kept++) outboxes.events.add(event(`event ${kept}`));
  for (let junk = 0; junk < 1_500; junk++) {
    outboxes.rejected.add(copy(`copy ${junk}`));
    if (junk === 0) await answersDealtWith();
  }
  assert.equal(outboxes.events.size().events, 10);
  assert.equal(outboxes.rejected.size().events, 1_000);
  assert.equal(counted.filter((what) => what === "copy dropped-buffer-full").length, 500);
  assert.deepEqual(lines(), []);
});

test("counts and logs the copies of rejected datagrams that are lost at stop", async (t) => {
  const { outboxes, stream, lines, counted } = outboxesAt(t);
  stream.breakOff();
  for (const id of ["a", "b"]) outboxes.rejected.add(copy(id));
  await answersDealtWith();
  await outboxes.close(AbortSignal.abort());
  assert.equal(counted.at(-1), "2 copies lost at stop");
  assert.deepEqual(lines(), [
    { level: "warn", msg: "copies of rejected datagrams are lost: nats did not come back in time", copies: 2 },
  ]);
});
