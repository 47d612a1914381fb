import assert from "node:assert/strict";
import { test } from "node:test";
import { cleanUpAfter, eventually, startNats } from "@sense-alerts/test-kit";
import { BusError, requestStreamName } from "../../src/index.js";
import { busErrorOf, message, startTestBus, streamNames, whenUp } from "../fixtures/bus.js";

const stream = requestStreamName("SENSE_EVENTS");
const subject = "sense.start-record.k";

test("makes the stream of the requests when it is wanted, and not otherwise", async (t) => {
  const nats = await startNats(t);
  const without = startTestBus(t, nats.url).bus;
  await whenUp(without);
  assert.deepEqual(await streamNames(nats), ["SENSE_DEAD_LETTERS", "SENSE_EVENTS", "SENSE_REJECTED"]);
  const { bus } = startTestBus(t, nats.url, { requests: true });
  await whenUp(bus);
  assert.deepEqual(await streamNames(nats), ["SENSE_DEAD_LETTERS", "SENSE_EVENTS", "SENSE_REJECTED", "SENSE_REQUESTS"]);
  assert.equal((await nats.stream(stream))?.config["max_age"], 86_400_000_000_000);
});

test("stores a message only when the subject's last one is the expected, and gives the last one", async (t) => {
  const nats = await startNats(t);
  const { bus } = startTestBus(t, nats.url, { requests: true });
  await whenUp(bus);
  assert.equal(await bus.last(stream, subject), undefined);
  const first = await bus.publish(message("first", { subject, expectedLast: 0 }));
  await assert.rejects(bus.publish(message("second", { subject, expectedLast: 0 })), busErrorOf("outdated"));
  // A repeat is a duplicate to nats-server 2.9; newer ones compare the sequence first. The stored message tells whose
  // it is.
  const repeated: unknown = await bus.publish(message("first", { subject, expectedLast: 0 })).catch((error) => error);
  if (repeated instanceof BusError) assert.equal(repeated.code, "outdated");
  else assert.deepEqual(repeated, { ...first, duplicate: true });
  assert.equal((await bus.last(stream, subject))?.headers["Nats-Msg-Id"], "first");
  const { sequence } = await bus.publish(message("third", { subject, expectedLast: first.sequence }));
  const last = await bus.last(stream, subject);
  assert.deepEqual([last?.sequence, Buffer.from(last?.bytes ?? []).toString()], [sequence, "third"]);
  await assert.rejects(bus.last("NONE", subject), busErrorOf("no-stream"));
  await nats.stop();
  await eventually(() => assert.rejects(bus.last(stream, subject), busErrorOf("disconnected")));
});

test("reads the part of another stream that it is asked to", async (t) => {
  const nats = await startNats(t);
  const { bus } = startTestBus(t, nats.url, { requests: true });
  const read: string[] = [];
  const consumer = bus.consume({
    stream,
    filterSubject: "sense.start-request.*",
    durable: "reader",
    maxInFlight: 4,
    maxAgeMs: 60_000,
    onPassedOver: () => {},
    wanted: () => Number.POSITIVE_INFINITY,
    handle: async ({ bytes }) => {
      read.push(Buffer.from(bytes).toString());
      return { kind: "done" };
    },
  });
  cleanUpAfter(t, () => consumer.close(AbortSignal.timeout(500)));
  await whenUp(consumer);
  await bus.publish(message("record", { subject }));
  await bus.publish(message("request", { subject: "sense.start-request.a" }));
  await eventually(() => assert.deepEqual(read, ["request"]));
});
