import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeEvent, encodeEvent, type TaskEvent } from "@sense-alerts/event-contract";
import fc from "fast-check";
import { shortenEvent } from "../../src/outbox/shorten-event.js";
import { failedTask } from "../failed-task.js";

function withMessage(logMessage: string): TaskEvent {
  return { ...failedTask, data: { ...failedTask.data, logMessage } };
}

const cut = { truncated: ["logMessage"] };
const emptyBytes = encodeEvent({ ...failedTask, data: { ...failedTask.data, logMessage: "", ...cut } }).length;
const logMessage = fc.string({ unit: "grapheme", minLength: 1, maxLength: 300 });

test("cuts no more of the log message than it must, and nothing else", () => {
  fc.assert(
    fc.property(logMessage, fc.nat({ max: 400 }), (message, room) => {
      const event = withMessage(message);
      const shorter = shortenEvent(event, emptyBytes + room);
      const kept = shorter?.data.logMessage ?? message;
      if (shorter !== undefined) {
        assert.deepEqual(shorter, { ...event, data: { ...event.data, logMessage: kept, ...cut } });
        assert(encodeEvent(shorter).length <= emptyBytes + room);
        assert(message.startsWith(kept) && kept.length < message.length);
        assert.deepEqual(decodeEvent(encodeEvent(shorter)), { ok: true, event: shorter });
      }
      const next = message.slice(0, kept.length) + [...message.slice(kept.length)].slice(0, 1).join("");
      const more = { ...event, data: { ...event.data, logMessage: next, ...cut } };
      assert(kept === message || encodeEvent(more).length > emptyBytes + room, "one more character fits");
    }),
  );
});

test("cuts no character in two", () => {
  for (let room = 0; room < 12; room++) {
    const kept = shortenEvent(withMessage("🤪🤪🤪"), emptyBytes + room)?.data.logMessage;
    assert.equal(kept, "🤪".repeat(Math.floor(room / 4)));
  }
});

test("halves the log message until nothing of it is left if the limit is not known", () => {
  let event: ReturnType<typeof shortenEvent> = withMessage("a".repeat(65_000));
  const lengths: number[] = [];
  while (event !== undefined) {
    lengths.push(event.data.logMessage.length);
    event = shortenEvent(event, undefined);
  }
  assert.deepEqual(lengths.slice(0, 3), [65_000, 32_500, 16_250]);
  assert.equal(lengths.at(-1), 0);
  assert(lengths.length < 20);
});

test("does nothing for an event whose other fields are larger than the limit", () => {
  assert.equal(shortenEvent(withMessage("a".repeat(1_000)), emptyBytes - 1), undefined);
  assert.equal(shortenEvent(withMessage(""), 10), undefined);
});
