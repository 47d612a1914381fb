import assert from "node:assert/strict";
import { test } from "node:test";
import { atMost, backoffMs, pause } from "../../src/connection/wait.js";

test("doubles the wait from 250 ms to 5 s, less up to half of it", () => {
  const full = [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000];
  for (const [attempt, fullMs] of full.entries()) {
    for (let round = 0; round < 200; round++) {
      const ms = backoffMs(attempt);
      assert.ok(ms <= fullMs && ms >= fullMs / 2, `${ms} ms at attempt ${attempt}`);
    }
  }
});

test("still waits at most 5 s after very many attempts", () => {
  assert.ok(backoffMs(100_000) <= 5_000);
});

test("does not wait at the same pace twice", () => {
  assert.ok(new Set(Array.from({ length: 20 }, () => backoffMs(3))).size > 1);
});

test("ends a pause at once when the signal aborts, without rejecting", async () => {
  const stopping = new AbortController();
  const paused = pause(60_000, stopping.signal);
  stopping.abort();
  await paused;
  await pause(60_000, stopping.signal);
});

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
