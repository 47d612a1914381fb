import assert from "node:assert/strict";
import { test } from "node:test";
import type { SenseEvent } from "@sense-alerts/event-contract";
import { type Execution, RepositoryError, type TaskType } from "@sense-alerts/qlik-repository";
import { type AlertMessage, composeMessages } from "../../src/alerts/alert-messages.js";
import { alertTopicsOf } from "../../src/alerts/alert-topics.js";
import type { Plan, Plans } from "../../src/delivery/deliver.js";
import { createEnrichedPlans } from "../../src/qrs/enriched-plan.js";
import { createEnricher } from "../../src/qrs/enricher.js";
import { readSettings } from "../../src/settings.js";
import { engineEvent, statusEvent, taskEvent } from "../fixtures/events.js";
import { createInMemoryRepository, execution, task } from "../fixtures/repository.js";

function start(env: Record<string, string> = {}, types?: readonly TaskType[]) {
  const repository = createInMemoryRepository();
  const told: string[] = [];
  const topics = alertTopicsOf(readSettings({ TASK_SUCCESS_TOPIC: "s", TASK_SUCCESS_SEND_FULL: "true", ...env }));
  const enricher = createEnricher({
    repository,
    keepMs: 300_000,
    scriptLogLines: 0,
    hurry: new AbortController().signal,
    onEnriched: () => {},
    onDefect: (error) => assert.fail(String(error)),
    pausesMs: { missing: [], running: [] },
  });
  const plans = createEnrichedPlans({
    topics,
    enricher,
    deadlineMs: 200,
    taskTypes: types && new Set(types),
    onUnwanted: (type) => told.push(type),
    onFollowed: (end) => told.push(end),
  });
  return { plans, repository, told, topics };
}

/** The messages of an event in both lanes, basic first. */
async function messagesOf(plans: Plans, event: SenseEvent): Promise<readonly AlertMessage[]> {
  const made: readonly Plan[] = [await plans.basic(event), await plans.full(event)];
  return made.flatMap((plan) => {
    assert.ok(plan.ok === true, JSON.stringify(plan));
    return plan.message ?? [];
  });
}

const distributed = (minutesOld: number) =>
  taskEvent({ type: "sense.task.distributed", time: new Date(Date.now() - minutesOld * 60_000).toISOString() });

test("has the basic message at once, without a question, and the full one when QRS has answered", async () => {
  const { plans, repository } = start();
  const basic = plans.basic(taskEvent());
  assert.ok(!(basic instanceof Promise) && basic.ok === true);
  assert.equal(basic.message?.kind, "basic");
  assert.deepEqual(repository.asked, []);
  const [, full] = await messagesOf(plans, taskEvent());
  assert.deepEqual([full?.kind, full?.topic], ["full", "qliksense/task_failure_full"]);
  assert.equal(JSON.parse(full?.payload ?? "").enrichment, "complete");
});

test("has the message without qs_ fields when QRS is away", async () => {
  const { plans, repository, topics } = start();
  const away = () => Promise.reject<never>(new RepositoryError("unreachable", "away"));
  Object.assign(repository.answers, { task: away, app: away, execution: away });
  const unavailable = composeMessages(taskEvent(), topics, { enrichment: { kind: "unavailable" } });
  assert.deepEqual(await messagesOf(plans, taskEvent()), unavailable.ok && unavailable.messages);
});

test("asks nothing where no full message is sent", async () => {
  const { plans, repository } = start({ TASK_FAILURE_SEND_FULL: "false" });
  assert.equal((await messagesOf(plans, taskEvent())).length, 1);
  assert.deepEqual(repository.asked, []);
});

test("has nothing to ask about the UDP server and the engine", async () => {
  const { plans, repository } = start();
  assert.equal((await messagesOf(plans, statusEvent("start"))).length, 1);
  assert.deepEqual(await messagesOf(plans, engineEvent()), []);
  assert.deepEqual(repository.asked, []);
});

test("settles ambiguous names in the full message and its topic, and in the basic one once they are known", async () => {
  const { plans } = start({ TASK_FAILURE_TOPIC: "b/{taskName}", TASK_FAILURE_FULL_TOPIC: "f/{taskName}/{appName}" });
  const names = { taskName: "Reload", appName: "x", ambiguousNames: true as const, rawNames: `${task.name};App; 1` };
  const event = taskEvent({ data: names });
  const [first, full] = await messagesOf(plans, event);
  assert.deepEqual([first?.topic, first?.payload], ["b/Reload", "Reload"]);
  assert.equal(full?.topic, `f/${task.name}/${task.app?.name}`);
  const object = JSON.parse(full?.payload ?? "");
  assert.deepEqual([object.taskName, object.rawNames, "ambiguousNames" in object], [task.name, names.rawNames, false]);
  const [second] = await messagesOf(plans, event);
  assert.deepEqual([second?.topic, second?.payload], [`b/${task.name}`, task.name]);
});

test("says so when the topic is too long, also by the names that QRS has", async () => {
  const env = { TASK_FAILURE_FULL_TOPIC: "f/{taskName}" };
  const long = "n".repeat(65_534);
  const tooLong = { ok: false, reason: "topic-too-long" };
  assert.deepEqual(await start(env).plans.full(taskEvent({ data: { taskName: long } })), tooLong);
  const { plans, repository } = start(env);
  repository.answers.task = async () => ({ ...task, name: long });
  const event = taskEvent({ data: { ambiguousNames: true, rawNames: "a;b;c" } });
  assert.deepEqual(await plans.full(event), tooLong);
});

test("alerts the types that are wanted, those without a name, and those that QRS cannot tell", async () => {
  const { plans, repository, told } = start({}, ["Preload", "UserSync"]);
  assert.deepEqual(await messagesOf(plans, taskEvent()), []);
  const answers: readonly (TaskType | undefined)[] = ["Preload", "9", undefined];
  for (const [index, type] of answers.entries()) {
    repository.answers.task = async () => type && { ...task, type };
    const event = taskEvent({ data: { taskId: `${index}0000000-0000-4000-8000-000000000000` } });
    assert.equal((await messagesOf(plans, event)).length, 2, String(type));
  }
  repository.answers.task = () => Promise.reject(new RepositoryError("timeout", "no answer"));
  assert.equal((await messagesOf(plans, taskEvent({ data: { taskId: "a" } }))).length, 2);
  repository.answers.task = () => new Promise(() => {});
  assert.equal((await messagesOf(plans, taskEvent({ data: { taskId: "b" } }))).length, 2);
  assert.deepEqual(told, ["Reload"]);
});

for (const [status, topic] of [
  ["FinishedFail", "qliksense/task_failure"],
  ["Error", "qliksense/task_failure"],
  ["Aborted", "qliksense/task_aborted"],
  ["FinishedSuccess", "s"],
] as const) {
  test(`alerts a distribution that ended with ${status} on ${topic}`, async () => {
    const { plans, repository, told } = start();
    repository.answers.execution = async () => ({ ...execution, status });
    const [basic, full] = await messagesOf(plans, distributed(1));
    assert.equal(basic?.topic, topic);
    const object = JSON.parse(full?.payload ?? "");
    assert.deepEqual([object.eventType, object.executionStatus], ["sense.task.distributed", status]);
    assert.equal(told.length, 1);
    // One question for each lane.
    assert.equal(repository.asked.filter((question) => question.startsWith("execution")).length, 2);
  });
}

test("hands a distribution back that has not ended or of which nothing is known, for thirty seconds at most", async () => {
  const { plans, repository, told } = start();
  const answers: readonly (() => Promise<Execution | undefined>)[] = [
    async () => ({ ...execution, status: "DistributionRunning" }),
    async () => undefined,
    () => Promise.reject(new RepositoryError("suspended", "away")),
    () => new Promise(() => {}),
  ];
  for (const answer of answers) {
    repository.answers.execution = answer;
    for (const plan of [plans.basic, plans.full]) {
      assert.deepEqual(await plan(distributed(359)), { ok: "later", delayMs: 30_000 });
    }
    // One dead letter is enough.
    assert.deepEqual(await plans.basic(distributed(361)), { ok: false, reason: "distribution-without-end" });
    assert.deepEqual(await plans.full(distributed(361)), { ok: true, message: undefined });
  }
  assert.deepEqual(told, Array(4).fill("given-up"));
});

test("follows no distribution without a task id, or when distributions are not wanted", async () => {
  const nameless = taskEvent({ type: "sense.task.distributed", data: { taskId: "" } });
  assert.deepEqual(await messagesOf(start().plans, nameless), []);
  const { plans, repository, told } = start({}, ["Reload"]);
  assert.deepEqual(await messagesOf(plans, distributed(1)), []);
  assert.deepEqual([repository.asked, told], [[], ["Distribute"]]);
});
