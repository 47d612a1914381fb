import assert from "node:assert/strict";
import { test } from "node:test";
import { delay, pause } from "../src/index.js";

test("resolves after the time", async () => {
  const from = performance.now();
  await delay(20);
  // A timer may fire up to a millisecond early by this clock.
  assert.ok(performance.now() - from >= 19);
});

test("rejects as soon as the signal aborts, and at once when it has", async () => {
  const stop = new AbortController();
  const waiting = delay(60_000, stop.signal);
  stop.abort();
  await assert.rejects(waiting, { name: "AbortError" });
  await assert.rejects(delay(60_000, stop.signal), { name: "AbortError" });
});

test("ends a pause at once when the signal aborts, without rejecting", async () => {
  const stopping = new AbortController();
  const paused = pause(60_000, stopping.signal);
  stopping.abort();
  await paused;
  await pause(60_000, stopping.signal);
});
