import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { SenseEvent } from "@sense-alerts/event-contract";
import { type Composed, composeMessages } from "../../src/alerts/alert-messages.js";
import type { Plan } from "../../src/delivery/deliver.js";
import { refused, settled, startBroker, topics } from "../fixtures/broker.js";
import { taskEvent } from "../fixtures/events.js";

const fullOf = (event: SenseEvent): Composed => {
  const composed = composeMessages(event, topics);
  assert(composed.ok);
  return { ok: true, messages: composed.messages.filter(({ kind }) => kind === "full") };
};

/** Plans whose full message is made when the test says. */
function startWaiting() {
  const made = new Map<string, (composed: Composed) => void>();
  const aside: number[] = [];
  const started = startBroker(
    (event) => {
      const composed = composeMessages(event, topics);
      assert(composed.ok);
      return {
        ok: true,
        messages: composed.messages.filter(({ kind }) => kind !== "full"),
        full: () => new Promise((resolve) => made.set(event.id, resolve)),
      };
    },
    (change) => aside.push(change),
  );
  return { ...started, made, aside };
}

test("publishes the basic message before the full one is made, and is done with both", async () => {
  const { handle, published, made, aside } = startWaiting();
  const event = taskEvent({ id: "a" });
  const outcome = settled(handle(event));
  await setImmediate();
  assert.deepEqual([published, aside, outcome()], [["a basic"], [1], undefined]);
  made.get("a")?.(fullOf(event));
  await setImmediate();
  assert.deepEqual([published, aside, outcome()], [["a basic", "a full"], [1, -1], { kind: "done" }]);
});

test("does not set an event aside while its basic message is not acknowledged", async () => {
  const { handle, broker, made, aside, published } = startWaiting();
  broker.online = false;
  const event = taskEvent({ id: "a" });
  const outcome = handle(event);
  await setImmediate();
  made.get("a")?.(fullOf(event));
  await setImmediate();
  broker.comeBack();
  assert.deepEqual(await outcome, { kind: "done" });
  assert.deepEqual(aside, []);
  assert.deepEqual(published.slice(-2), ["a basic", "a full"]);
});

test("makes no full message again that was acknowledged before", async () => {
  const { handle, broker, made, published } = startWaiting();
  broker.answer = ({ kind }) => (kind === "basic" ? refused(0x97) : undefined);
  const event = taskEvent({ id: "a" });
  const first = handle(event);
  made.get("a")?.(fullOf(event));
  assert.equal((await first).kind, "later");
  made.clear();
  broker.answer = () => undefined;
  published.length = 0;
  assert.deepEqual(await handle(event), { kind: "done" });
  assert.deepEqual([published, made.size], [["a basic"], 0]);
});

test("makes a dead letter of an event whose full message cannot be made, with the basic one sent", async () => {
  const { handle, acknowledged, made } = startWaiting();
  const outcome = handle(taskEvent({ id: "a" }));
  made.get("a")?.({ ok: false, reason: "topic-too-long" });
  assert.deepEqual(await outcome, { kind: "dead", reason: "topic-too-long" });
  assert.deepEqual(acknowledged, ["a basic of a"]);
});

test("hands an event back that is to stop while its full message is made", async () => {
  const { handle, aside } = startWaiting();
  const stop = new AbortController();
  const outcome = handle(taskEvent({ id: "a" }), stop.signal);
  await setImmediate();
  stop.abort();
  assert.deepEqual(await outcome, { kind: "later", delayMs: 0 });
  assert.deepEqual(aside, [1, -1]);
});

test("sets an event aside while its plan is made, and hands it back when the plan says so or it is to stop", async () => {
  const aside: number[] = [];
  const { handle, published } = startBroker(
    async () => ({ ok: "later", delayMs: 30_000 }),
    (change) => aside.push(change),
  );
  assert.deepEqual(await handle(taskEvent()), { kind: "later", delayMs: 30_000 });
  assert.deepEqual(published, []);
  const hung = startBroker(
    () => new Promise<Plan>(() => {}),
    (change) => aside.push(change),
  );
  const stop = new AbortController();
  const outcome = hung.handle(taskEvent(), stop.signal);
  await setImmediate();
  stop.abort();
  assert.deepEqual(await outcome, { kind: "later", delayMs: 0 });
  assert.equal(
    aside.reduce((sum, change) => sum + change, 0),
    0,
  );
});
