import assert from "node:assert/strict";
import { test } from "node:test";
import { createWindow, type Window } from "../../src/mqtt/window.js";

function acknowledge(window: Window, times: number): number {
  for (let index = 0; index < times; index++) window.acknowledged();
  return window.size();
}

test("is as large as the setting or the server allows", () => {
  const window = createWindow(256);
  assert.equal(window.size(), 256);
  window.opened(20);
  assert.equal(window.size(), 20);
  window.opened(65_535);
  assert.equal(acknowledge(window, 10_000), 256);
});

test("starts with one after a loss, doubles with each round trip up to half, and then grows by one", () => {
  const window = createWindow(256);
  window.broke(100);
  assert.equal(window.size(), 1);
  assert.deepEqual([acknowledge(window, 1), acknowledge(window, 2), acknowledge(window, 4)], [2, 4, 8]);
  assert.equal(acknowledge(window, 42), 50);
  assert(acknowledge(window, 51) <= 52);
  assert.equal(acknowledge(window, 100_000), 256);
});

test("keeps its size when one message was in flight", () => {
  const window = createWindow(256);
  for (const inFlight of [0, 1]) window.broke(inFlight);
  assert.equal(window.size(), 256);
});

test("stays below a limit that the broker does not announce", () => {
  const window = createWindow(256);
  let losses = 0;
  for (let index = 0; index < 100_000; index++) {
    window.acknowledged();
    if (window.size() <= 100) continue;
    window.broke(101);
    losses++;
  }
  assert(losses <= 2, String(losses));
});
