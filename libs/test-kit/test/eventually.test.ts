import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../src/index.js";

test("returns what the check returns once it no longer throws", async () => {
  let calls = 0;
  const value = await eventually(async () => {
    calls++;
    assert.equal(calls, 3);
    return "third";
  });
  assert.equal(value, "third");
});

test("gives up with what was waited for and the last failure", async () => {
  const lastFailure = new Error("still 2 messages");
  const check = () => {
    throw lastFailure;
  };
  await assert.rejects(eventually(check, { timeoutMs: 30, intervalMs: 5, what: "3 messages" }), (error: Error) => {
    assert.equal(error.message, "waited 30 ms for 3 messages: still 2 messages");
    assert.equal(error.cause, lastFailure);
    return true;
  });
});

test("gives up on a check that never returns", async () => {
  await assert.rejects(
    eventually(() => new Promise(() => {}), { timeoutMs: 30 }),
    /the check itself did not return in time/,
  );
});
