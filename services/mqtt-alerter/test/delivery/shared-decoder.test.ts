import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeEvent } from "@sense-alerts/event-contract";
import { createSharedDecoder } from "../../src/delivery/shared-decoder.js";
import { taskEvent } from "../fixtures/events.js";

const delivery = (sequence: number, taskName: string, key = `${sequence}-1`) => ({
  key,
  sequence,
  bytes: encodeEvent(taskEvent({ data: { taskName } })),
});

test("decodes an event once for two lanes", () => {
  const decode = createSharedDecoder();
  const first = decode(delivery(1, "a"));
  assert.ok(first.ok);
  assert.equal(decode(delivery(1, "a")), first);
  assert.notEqual(decode(delivery(1, "a")), first);
});

test("takes neither another event nor one of a former stream for it", () => {
  const decode = createSharedDecoder();
  const names = [delivery(1, "a"), delivery(257, "b"), delivery(1, "c", "1-2"), delivery(1, "d", "1-3")].map((each) => {
    const decoded = decode(each);
    return decoded.ok && "taskName" in decoded.event.data && decoded.event.data.taskName;
  });
  assert.deepEqual(names, ["a", "b", "c", "d"]);
});
