import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { atMost, DeadlineError, withDeadline } from "../src/index.js";

test("settles as the work does when it is in time", async () => {
  assert.equal(await withDeadline(Promise.resolve(7), 60_000, "work"), 7);
  await assert.rejects(withDeadline(Promise.reject(new RangeError("no")), 60_000, "work"), RangeError);
});

test("rejects with what took too long", async () => {
  const never = new Promise<void>(() => {});
  await assert.rejects(withDeadline(never, 5, "the publish"), (error) => {
    assert.ok(error instanceof DeadlineError);
    assert.deepEqual([error.message, error.what, error.ms], ["the publish took longer than 5 ms", "the publish", 5]);
    return true;
  });
});

test("drops a rejection that comes after the deadline", async () => {
  const unhandled: unknown[] = [];
  const listener = (reason: unknown) => unhandled.push(reason);
  process.on("unhandledRejection", listener);
  const { promise, reject } = withRejection();
  await assert.rejects(withDeadline(promise, 1, "work"), DeadlineError);
  reject(new Error("too late"));
  await setImmediate();
  process.off("unhandledRejection", listener);
  assert.deepEqual(unhandled, []);
});

function withRejection() {
  let reject: (reason: Error) => void = () => {};
  const promise = new Promise<void>((_, rejectPromise) => {
    reject = rejectPromise;
  });
  return { promise, reject };
}

test("gives up waiting for work that never ends", async () => {
  await atMost(10, new Promise(() => {}));
});

test("waits no longer than the work takes, and leaves no timer behind", async () => {
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const before = timers();
  await atMost(60_000, Promise.resolve());
  assert.equal(timers(), before);
});

test("passes on why the work failed", async () => {
  await assert.rejects(atMost(60_000, Promise.reject(new Error("no disk"))), /no disk/);
});
