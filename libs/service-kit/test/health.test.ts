import assert from "node:assert/strict";
import { test } from "node:test";
import { createHealth } from "../src/index.js";

test("is ready when started, not stopping and every required link is up", () => {
  const health = createHealth();
  let nats = false;
  health.link("nats", { required: true, state: () => ({ up: nats, detail: "waiting", attempts: 2 }) });
  health.link("qrs", { required: false, state: () => ({ up: false }) });
  nats = true;
  assert.equal(health.report().ready, false, "still starting");
  health.markStarted();
  assert.deepEqual(health.report(), {
    ready: true,
    starting: false,
    stopping: false,
    links: {
      nats: { required: true, up: true, detail: "waiting", attempts: 2 },
      qrs: { required: false, up: false },
    },
  });
  nats = false;
  assert.equal(health.report().ready, false, "a required link is down");
  nats = true;
  health.markStopping();
  health.markStarted();
  const { ready, stopping } = health.report();
  assert.deepEqual({ ready, stopping }, { ready: false, stopping: true });
});

test("takes a link whose state cannot be read for down", () => {
  const health = createHealth();
  health.link("nats", {
    required: true,
    state: () => {
      throw new Error("no client");
    },
  });
  health.markStarted();
  const { ready, links } = health.report();
  assert.equal(ready, false);
  assert.deepEqual(links["nats"], {
    required: true,
    up: false,
    detail: "its state cannot be read: Error: no client",
  });
});

test("refuses a second link of one name", () => {
  const health = createHealth();
  const link = { required: true, state: () => ({ up: true }) };
  health.link("nats", link);
  assert.throws(() => health.link("nats", link), /a link named nats/);
});
