import assert from "node:assert/strict";
import { test } from "node:test";
import { createRecentMessages } from "../../src/consumer/recent-messages.js";

const storedNs = 1_732_350_000_123_000_000;

test("knows the messages added last, and forgets the oldest first", () => {
  const messages = createRecentMessages(3);
  for (const sequence of [1, 2, 3, 2, 4]) messages.add({ sequence, storedNs });
  assert.deepEqual(
    [1, 2, 3, 4].map((sequence) => messages.has({ sequence, storedNs })),
    [false, true, true, true],
  );
});

test("tells a message from the one of the same sequence in a stream that was created again", () => {
  const messages = createRecentMessages(3);
  messages.add({ sequence: 1, storedNs });
  assert.equal(messages.has({ sequence: 1, storedNs: storedNs + 1_000_000 }), false);
});
