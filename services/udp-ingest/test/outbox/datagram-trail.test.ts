import assert from "node:assert/strict";
import { test } from "node:test";
import { createLogger, type FinishedSpan } from "@sense-alerts/service-kit";
import { eventMessage } from "../../src/messages.js";
import { createDatagramTrail } from "../../src/outbox/datagram-trail.js";
import { captureLog } from "../captured-log.js";
import { failedTask } from "../failed-task.js";

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const message = () => eventMessage({ ...failedTask, traceparent }, "sense");
const quiet = createLogger({ name: "udp-ingest", instance: "i", level: "info", pretty: false });

function trailOf() {
  const recorded: FinishedSpan[] = [];
  return { recorded, trail: createDatagramTrail(quiet, { record: (span) => recorded.push(span) }) };
}

test("has nothing to do without a tracer and above debug", () => {
  const { settled, send } = createDatagramTrail(quiet, undefined);
  assert.equal(settled, undefined);
  const given = () => {};
  assert.equal(send(given), given);
});

test("writes a line for each message at debug", () => {
  const { logger, lines } = captureLog();
  createDatagramTrail(logger, undefined).settled?.(message(), "stored");
  const { id: eventId, subject } = message();
  assert.deepEqual(lines(), [
    { level: "debug", msg: "message settled", eventId, subject, result: "stored", traceparent },
  ]);
});

test("begins the publish span with the first of several attempts", (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: Date.parse(failedTask.time) });
  const { recorded, trail } = trailOf();
  const send = trail.send((sent, onAnswer) => onAnswer(sent, { sequence: 1, duplicate: false }));
  const sent = message();
  for (const waitMs of [100, 5_000]) {
    t.mock.timers.tick(waitMs);
    send(sent, () => {});
  }
  trail.settled?.(sent, "stored");
  const offsets = recorded.map(({ startMs, endMs }) => [startMs, endMs].map((ms) => ms - Date.parse(failedTask.time)));
  assert.deepEqual(offsets.flat().map(Math.round), [0, 5_100, 100, 5_100]);
});

test("marks a message that was dropped, and has no publish span for what was never sent", () => {
  const { recorded, trail } = trailOf();
  trail.settled?.(message(), "dropped-buffer-full");
  assert.deepEqual(
    recorded.map(({ name, error }) => [name, error]),
    [["receive datagram", "dropped-buffer-full"]],
  );
});

test("records nothing for events that no datagram is behind", () => {
  const { recorded, trail } = trailOf();
  trail.settled?.(eventMessage(failedTask, "sense"), "stored");
  assert.deepEqual(recorded, []);
});
