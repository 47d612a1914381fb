import assert from "node:assert/strict";
import { test } from "node:test";
import { createTestAlert, kinds } from "../src/test-alert.js";

const nothing = { taskName: undefined, message: undefined };

for (const kind of kinds) {
  test(`makes a ${kind} datagram of as many fields as Sense sends, with ids that no other has`, () => {
    const [first, second] = [0, 1].map(() => createTestAlert({ kind, ...nothing }, new Date()));
    assert.equal(first?.datagram.split(";").length, kind === "engine" ? 9 : 11);
    assert.notEqual(first?.executionId, second?.executionId);
    assert.ok(first?.datagram.includes(`;${first.executionId};`));
  });
}

test("tells the local time as log4net does", () => {
  const { datagram } = createTestAlert({ kind: "failed", ...nothing }, new Date(2026, 10, 20, 6, 30, 1, 114));
  assert.ok(datagram.includes(";2026-11-20 06:30:01,114;"));
});

test("says what it is told to say", () => {
  const { datagram } = createTestAlert({ kind: "aborted", taskName: "Reload of Sales", message: "Stop" }, new Date());
  assert.match(datagram, /^\/scheduler-task-aborted\/;send-test-alert;Reload of Sales;.*;Stop$/);
});
