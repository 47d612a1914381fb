import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { eventually, type Service } from "@sense-alerts/test-kit";
import { anyTask, type StartStack, startStartStack } from "../src/start-stack.js";

// One scope, so that services are stopped before the servers they talk to.
const file = { after };
const stack = await startStartStack(file);
const quick = { ...anyTask, QRS_TIMEOUT_SECONDS: "1" };

/** What holds of all that was asked: each task was started once, and its answers are alike. */
function eachOnce({ qrs, answers, startsOf }: StartStack, taskIds: readonly string[]): void {
  for (const taskId of taskIds) {
    assert.equal(startsOf(taskId), 1, `${startsOf(taskId)} starts of ${taskId}`);
    const texts = new Set(
      answers()
        .filter((answer) => answer.taskId === taskId)
        .map(({ message }) => message.text),
    );
    assert.equal(texts.size, 1, [...texts].join(" "));
  }
  const distinct = new Set(qrs.starts.map(({ sessionId }) => sessionId));
  assert.equal(distinct.size, qrs.starts.length);
}

function answeredTasks({ answers }: StartStack, taskIds: readonly string[]): number {
  return taskIds.filter((taskId) => answers().some((answer) => answer.taskId === taskId)).length;
}

async function allAnswered(on: StartStack, taskIds: readonly string[], timeoutMs = 60_000): Promise<void> {
  const check = () => assert.equal(answeredTasks(on, taskIds), taskIds.length);
  await eventually(check, { timeoutMs, what: "an answer to each request" });
}

for (const [what, own, bare] of [
  ["by JSON on a broker with shared subscriptions", anyTask, false],
  ["by bare GUIDs on a broker with shared subscriptions", anyTask, true],
  ["without shared subscriptions", { ...anyTask, MQTT_PROTOCOL_VERSION: "4" }, true],
] as const) {
  test(`20 requests and 3 alerters, one of them killed: 20 starts, 20 answers (${what})`, async () => {
    const alerters = await Promise.all([1, 2, 3].map(() => stack.alerter(own)));
    const slow = stack.qrs.behave({ match: /POST/, delayMs: 50 });
    const taskIds = Array.from({ length: 20 }, () => stack.addTask());
    const sending = taskIds.map(async (taskId, index) => {
      await delay(index * 20);
      await stack.request(bare ? taskId : JSON.stringify({ taskId, requestId: randomUUID() }));
    });
    // One that is in the midst of a request that it has not written down as begun.
    await eventually(() => assert.ok(answeredTasks(stack, taskIds) >= 5), { intervalMs: 1 });
    const [victim] = alerters;
    victim?.suspend();
    await Promise.all(sending);
    await victim?.stop("SIGKILL");
    await allAnswered(stack, taskIds);
    slow();
    const answers = stack.answers().filter(({ taskId }) => taskIds.includes(taskId ?? ""));
    assert.equal(new Set(answers.map(({ requestId }) => requestId)).size, 20);
    assert.ok(answers.every(({ status }) => status === "started"));
    eachOnce(stack, taskIds);
    await Promise.all(alerters.slice(1).map((alerter) => alerter.stop()));
  });
}

test("a request that is stored survives the kill of every alerter, and QRS being away", async () => {
  await stack.qrs.stop();
  const first = await stack.alerter(quick);
  const taskId = stack.addTask();
  await stack.request(taskId);
  await eventually(() => assert.ok(first.logs.some(({ msg }) => msg === "start request waits for QRS")));
  assert.equal(await first.metric("sensealerts_alerter_start_requests_waiting"), 1);
  await first.stop("SIGKILL");
  await stack.qrs.start();
  const second = await stack.alerter(quick);
  await allAnswered(stack, [taskId]);
  assert.equal(stack.answers().at(-1)?.status, "started");
  eachOnce(stack, [taskId]);
  await second.stop();
});

test("a start that was under way when its alerter was killed is not repeated, and is found in QRS", async () => {
  const first = await stack.alerter(quick);
  const slow = stack.qrs.behave({ match: /POST/, silent: "never" });
  const taskId = stack.addTask();
  await stack.request(taskId);
  await eventually(() => assert.equal(stack.startsOf(taskId), 1));
  await first.stop("SIGKILL");
  slow();
  const second = await stack.alerter(quick);
  await allAnswered(stack, [taskId]);
  assert.match(stack.answers().at(-1)?.reason ?? "", /^found: /);
  eachOnce(stack, [taskId]);
  await second.stop();
});

test("a start that had not reached QRS when its alerter was killed is made by the next one", async () => {
  const first = await stack.alerter(quick);
  const unmade = stack.addTask();
  // The call breaks off unheard, and the alerter is killed before it has written that down.
  const asked = stack.qrs.count(/POST/);
  const holding = stack.qrs.behave({ match: /POST/, silent: "before", delayMs: 800 });
  await stack.request(unmade);
  await eventually(() => assert.equal(stack.qrs.count(/POST/), asked + 1), { intervalMs: 1 });
  await first.stop("SIGKILL");
  holding();
  const second = await stack.alerter(quick);
  await allAnswered(stack, [unmade]);
  assert.equal(stack.answers().at(-1)?.status, "started");
  eachOnce(stack, [unmade]);
  await second.stop();
});

test("an alerter that hangs for longer than the window of a bare GUID does not start its task a second time", async () => {
  const [hung, other] = await Promise.all([1, 2].map(() => stack.alerter()));
  assert.ok(hung !== undefined && other !== undefined);
  hung.suspend();
  const taskIds = [1, 2, 3, 4].map(() => stack.addTask());
  for (const taskId of taskIds) await stack.request(taskId);
  await allAnswered(stack, taskIds);
  await delay(6_000);
  hung.resume();
  await eventually(async () => {
    assert.ok((await hung.metric("sensealerts_alerter_start_messages_total", { result: "repeated" })) >= 4);
  });
  eachOnce(stack, taskIds);
  await Promise.all([hung.stop(), other.stop()]);
});

test("a request that comes while NATS is away is carried out once when it is back", async (t) => {
  const own = await startStartStack(t);
  const alerters = await Promise.all([1, 2].map(() => own.alerter()));
  await own.nats.stop();
  const taskId = own.addTask();
  await own.request(taskId);
  await delay(6_000);
  await own.nats.start();
  await allAnswered(own, [taskId]);
  await caughtUp(alerters);
  eachOnce(own, [taskId]);
});

test("with MQTT_CLIENT_ID a request that comes while no alerter is there waits at the broker for the next one", async (t) => {
  const own = await startStartStack(t);
  const env = { ...anyTask, MQTT_CLIENT_ID: "alerter-1" };
  const first = await own.alerter(env);
  await first.stop();
  const taskId = own.addTask();
  await own.request(taskId);
  await own.alerter(env);
  await allAnswered(own, [taskId]);
  eachOnce(own, [taskId]);
});

test("20 answers for 20 requests while the broker comes and goes", async (t: TestContext) => {
  const own = await startStartStack(t, {
    broker: { config: "persistence true\nautosave_on_changes true\nautosave_interval 1" },
  });
  const alerters = await Promise.all([1, 2].map(() => own.alerter()));
  const taskIds = Array.from({ length: 20 }, () => own.addTask());
  for (const [index, taskId] of taskIds.entries()) {
    if (index === 10) {
      await own.broker.stop();
      await own.broker.start();
      await Promise.all(alerters.map((alerter) => alerter.ready()));
      await eventually(() => assert.ok(own.subscriber.grants() >= 2));
    }
    await own.request(JSON.stringify({ taskId, requestId: String(index) }));
  }
  await eventually(() => assert.equal(new Set(own.qrs.starts.map((start) => start.taskId)).size, 20));
  for (const taskId of taskIds) assert.equal(own.startsOf(taskId), 1);
});

async function caughtUp(alerters: readonly Service[]): Promise<void> {
  await eventually(async () => {
    for (const alerter of alerters) {
      const stored = await alerter.metric("sensealerts_alerter_start_messages_total");
      assert.ok(stored >= 1);
    }
  });
}
