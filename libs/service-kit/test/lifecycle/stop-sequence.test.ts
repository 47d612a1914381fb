import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { createStopSequence } from "../../src/lifecycle/stop-sequence.js";

function sequenceOf(timeoutMs: number) {
  const errors: { part?: string; msg: string }[] = [];
  const logger = {
    debug: () => {},
    error: ({ part }: { part?: string }, msg: string) => void errors.push({ ...(part && { part }), msg }),
  };
  let timedOut: () => void = () => {};
  const timeout = new Promise<void>((resolve) => {
    timedOut = resolve;
  });
  return { sequence: createStopSequence({ logger, timeoutMs, onTimeout: timedOut }), errors, timeout };
}

test("closes in reverse order, one after the other, and goes on behind one that fails", async () => {
  const { sequence, errors } = sequenceOf(60_000);
  const closed: string[] = [];
  sequence.add("http", () => void closed.push("http"));
  sequence.add("bus", async () => {
    closed.push("bus begins");
    await new Promise(setImmediate);
    closed.push("bus ends");
  });
  sequence.add("throws", () => {
    throw new Error("at once");
  });
  sequence.add("rejects", () => Promise.reject(new Error("later")));
  sequence.begin();
  assert.deepEqual(await sequence.run(), { parts: 4, failed: 2 });
  assert.deepEqual(closed, ["bus begins", "bus ends", "http"]);
  assert.deepEqual(errors, [
    { part: "rejects", msg: "part did not stop cleanly" },
    { part: "throws", msg: "part did not stop cleanly" },
  ]);
});

test("closes a part that is added while it runs", async () => {
  const { sequence } = sequenceOf(60_000);
  const closed: string[] = [];
  sequence.add("outer", () => {
    closed.push("outer");
    sequence.add("late", () => void closed.push("late"));
  });
  sequence.begin();
  await sequence.run();
  assert.deepEqual(closed, ["outer", "late"]);
});

test("hurries a closer when four fifths of the time are over, and the ones behind it", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { sequence, errors } = sequenceOf(20_000);
  const seen: boolean[] = [];
  sequence.add("second", (hurry) => void seen.push(hurry.aborted));
  sequence.add("first", async (hurry) => {
    t.mock.timers.tick(15_999);
    seen.push(hurry.aborted);
    const hurried = once(hurry, "abort");
    t.mock.timers.tick(1);
    await hurried;
  });
  sequence.begin();
  assert.deepEqual(await sequence.run(), { parts: 2, failed: 0 });
  assert.deepEqual(seen, [false, true]);
  t.mock.timers.tick(60_000);
  assert.deepEqual(errors, [], "the clock stops when all is closed");
});

test("names the part that hangs when the time is over", async () => {
  const { sequence, errors, timeout } = sequenceOf(20);
  sequence.add("never reached", () => assert.fail());
  sequence.add("bus", () => new Promise(() => {}));
  sequence.begin();
  void sequence.run();
  await timeout;
  assert.deepEqual(errors, [{ part: "bus", msg: "part did not stop in time" }]);
});

test("names the start when that is what hangs", async () => {
  const { sequence, errors, timeout } = sequenceOf(20);
  sequence.begin();
  await timeout;
  assert.deepEqual(errors, [{ part: "start", msg: "part did not stop in time" }]);
});
