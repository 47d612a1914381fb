import assert from "node:assert/strict";
import { test } from "node:test";
import { OpenPull } from "../../src/consumer/open-pull.js";

function openOf(batch: number): OpenPull {
  const pull = new OpenPull();
  pull.opened("inbox.1", batch, 1_000);
  return pull;
}

test("has nothing coming before anything was asked for", () => {
  assert.equal(new OpenPull().remaining, 0);
});

test("counts each message that came", () => {
  const pull = openOf(3);
  pull.served();
  assert.equal(pull.remaining, 2);
  pull.served();
  pull.served();
  assert.equal(pull.remaining, 0);
});

test("does not count a late message below zero", () => {
  const pull = openOf(1);
  pull.served();
  pull.served();
  assert.equal(pull.remaining, 0);
  pull.opened("inbox.2", 2, 1_000);
  assert.equal(pull.remaining, 2);
});

test("has nothing coming after NATS said that the request is over", () => {
  const pull = openOf(3);
  pull.served();
  assert.equal(pull.ended("inbox.1"), true);
  assert.equal(pull.remaining, 0);
});

test("is not ended by word of an earlier request", () => {
  const pull = openOf(1);
  pull.served();
  pull.opened("inbox.2", 5, 1_000);
  assert.equal(pull.ended("inbox.1"), false);
  assert.equal(pull.remaining, 5);
});

test("is not ended twice", () => {
  const pull = openOf(3);
  pull.ended("inbox.1");
  assert.equal(pull.ended("inbox.1"), false);
});

test("is overdue from its deadline on, while messages are missing", () => {
  const pull = openOf(2);
  assert.equal(pull.overdue(999), false);
  assert.equal(pull.overdue(1_000), true);
  pull.served();
  assert.equal(pull.overdue(1_000), true);
  pull.served();
  assert.equal(pull.overdue(1_000), false);
});

test("is never overdue after it was forgotten", () => {
  const pull = openOf(2);
  pull.clear();
  assert.equal(pull.remaining, 0);
  assert.equal(pull.overdue(9_999), false);
});
