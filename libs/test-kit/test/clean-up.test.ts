import assert from "node:assert/strict";
import { test } from "node:test";
import { cleanUpAfter, type Scope } from "../src/index.js";

function scope(): Scope & { end(): Promise<void> } {
  const registered: (() => void | Promise<void>)[] = [];
  return {
    after: (fn) => void registered.push(fn),
    async end() {
      for (const fn of registered.splice(0)) await fn();
    },
  };
}

test("cleans up last registered first, one after the other", async () => {
  const t = scope();
  const order: string[] = [];
  cleanUpAfter(t, () => void order.push("server"));
  cleanUpAfter(t, async () => {
    await new Promise(setImmediate);
    order.push("service");
  });
  await t.end();
  assert.deepEqual(order, ["service", "server"]);
});

test("runs every clean-up and then tells of those that failed", async () => {
  const t = scope();
  let ran = false;
  cleanUpAfter(t, () => {
    ran = true;
  });
  cleanUpAfter(t, () => Promise.reject(new Error("the port is stuck")));
  await assert.rejects(t.end(), /1 clean-ups failed: Error: the port is stuck/);
  assert.ok(ran);
});

test("runs what is registered during and after the clean-up too", async () => {
  const t = scope();
  const order: string[] = [];
  cleanUpAfter(t, () => cleanUpAfter(t, () => void order.push("during")));
  await t.end();
  cleanUpAfter(t, () => void order.push("after"));
  await t.end();
  assert.deepEqual(order, ["during", "after"]);
});
