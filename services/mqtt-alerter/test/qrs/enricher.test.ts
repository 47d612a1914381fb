import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type Execution, RepositoryError } from "@sense-alerts/qlik-repository";
import { createEnricher, type EnricherOptions } from "../../src/qrs/enricher.js";
import { taskEvent } from "../fixtures/events.js";
import { app, createInMemoryRepository, execution, task } from "../fixtures/repository.js";

function start(options: Partial<EnricherOptions> = {}) {
  const repository = createInMemoryRepository();
  const results: string[] = [];
  const defects: unknown[] = [];
  const enricher = createEnricher({
    repository,
    keepMs: 300_000,
    scriptLogLines: 0,
    hurry: new AbortController().signal,
    onEnriched: (kind, reason) => results.push(reason === undefined ? kind : `${kind} ${reason}`),
    onDefect: (error) => defects.push(error),
    pausesMs: { missing: [5, 5], running: [5, 5, 5] },
    ...options,
  });
  return { enricher, repository, results, defects };
}

const inMs = (ms: number) => performance.now() + ms;
const never = () => new Promise<never>(() => {});
const unavailable = { kind: "unavailable" };
const complete = { kind: "complete", task, app, execution, scriptLogTail: undefined };

test("tells the task, the app and the run, each asked for once", async () => {
  const { enricher, repository, results } = start();
  const event = taskEvent();
  assert.deepEqual(await enricher.enrich(event, inMs(1_000)), complete);
  const { taskId, appId, executionId } = event.data;
  assert.deepEqual(repository.asked.sort(), [`app ${appId}`, `execution ${executionId}`, `task ${taskId}`]);
  assert.deepEqual(results, ["complete"]);
});

test("asks for the task's own app where the event has none", async () => {
  const { enricher, repository } = start();
  assert.deepEqual(await enricher.enrich(taskEvent({ data: { appId: "" } }), inMs(1_000)), complete);
  repository.answers.task = async () => ({ ...task, app: undefined });
  const other = taskEvent({ data: { appId: "", taskId: "0b7e4d3c-2f1a-4c5b-8d9e-1a2b3c4d5e6f" } });
  const told = await enricher.enrich(other, inMs(1_000));
  assert.deepEqual([told.kind, told.app], ["complete", null]);
});

test("is complete without what QRS does not have", async () => {
  const { enricher, repository } = start();
  const none = async () => undefined;
  Object.assign(repository.answers, { task: none, app: none, execution: none });
  const nothing = { task: null, app: null, execution: null, scriptLogTail: undefined };
  assert.deepEqual(await enricher.enrich(taskEvent(), inMs(1_000)), { kind: "complete", ...nothing });
});

for (const executionId of ["", "00000000-0000-0000-0000-000000000000"]) {
  test(`asks for the run without an execution id when it is "${executionId}"`, async () => {
    const { enricher, repository } = start();
    await enricher.enrich(taskEvent({ data: { executionId } }), inMs(1_000));
    assert.ok(repository.asked.includes("execution undefined"));
  });
}

const everything = ["task", "app", "execution"] as const;

for (const question of everything) {
  test(`is partial, and says what it knows, when QRS refuses the question about the ${question}`, async () => {
    const { enricher, repository, results } = start();
    repository.answers[question] = () => Promise.reject<never>(new RepositoryError("not-authorised", "no"));
    const beganMs = performance.now();
    const known = { ...complete, kind: "partial", [question]: undefined };
    assert.deepEqual(await enricher.enrich(taskEvent(), inMs(60_000)), known);
    assert.ok(performance.now() - beganMs < 1_000);
    assert.deepEqual(results, ["partial not-authorised"]);
  });

  test(`is partial at the deadline when QRS does not answer about the ${question}`, async () => {
    const { enricher, repository, results } = start();
    repository.answers[question] = never;
    const beganMs = performance.now();
    const known = { ...complete, kind: "partial", [question]: undefined };
    assert.deepEqual(await enricher.enrich(taskEvent(), inMs(100)), known);
    assert.ok(performance.now() - beganMs >= 99);
    assert.deepEqual(results, ["partial deadline"]);
    assert.equal(enricher.waiting(), 0);
  });
}

test("is unavailable at once when QRS is not asked for a while", async () => {
  const { enricher, repository, results } = start();
  const suspended = () => Promise.reject<never>(new RepositoryError("suspended", "later"));
  for (const question of everything) repository.answers[question] = suspended;
  const beganMs = performance.now();
  assert.deepEqual(await enricher.enrich(taskEvent(), inMs(60_000)), unavailable);
  assert.ok(performance.now() - beganMs < 1_000);
  assert.deepEqual(results, ["unavailable suspended"]);
});

test("lets no question wait for its turn behind hung ones while QRS is not asked for a while", async () => {
  const { enricher, repository } = start();
  for (const question of everything) repository.answers[question] = never;
  // Apps of their own: a second question about an app shares the first.
  const hung = Array.from({ length: 4 }, (_, n) =>
    enricher.enrich(taskEvent({ data: { taskId: `${n}`, appId: `${n}` } }), inMs(500)),
  );
  await delay(0);
  for (const question of everything) {
    repository.answers[question] = () => Promise.reject<never>(new RepositoryError("suspended", "later"));
  }
  const beganMs = performance.now();
  const next = enricher.enrich(taskEvent(), inMs(60_000));
  enricher.suspend(true);
  assert.deepEqual(await next, unavailable);
  assert.ok(performance.now() - beganMs < 1_000);
  enricher.suspend(false);
  await Promise.all(hung);
});

test("says what it knew of task and app from before while QRS is away", async () => {
  const { enricher, repository } = start();
  await enricher.enrich(taskEvent(), inMs(1_000));
  for (const question of everything) {
    repository.answers[question] = () => Promise.reject<never>(new RepositoryError("unreachable", "gone"));
  }
  const known = { ...complete, kind: "partial", execution: undefined };
  assert.deepEqual(await enricher.enrich(taskEvent(), inMs(1_000)), known);
});

test("asks again for a run that is not there or not at its end, as often as it may, and takes what there is", async () => {
  const runs: (Execution | undefined)[] = [undefined, { ...execution, status: "Aborting" }, execution];
  const { enricher, repository } = start();
  repository.answers.execution = async () => runs.shift();
  assert.deepEqual(await enricher.enrich(taskEvent(), inMs(1_000)), complete);
  const running: Execution = { ...execution, status: "Started" };
  repository.answers.execution = async () => running;
  assert.deepEqual(await enricher.enrich(taskEvent(), inMs(1_000)), { ...complete, execution: running });
  const asked = repository.asked.filter((question) => question.startsWith("execution"));
  assert.equal(asked.length, 3 + 4);
});

test("takes what it knew of the run when QRS goes away or hangs while it is asked again", async () => {
  for (const answer of [never, () => Promise.reject(new RepositoryError("unreachable", "gone"))]) {
    const { enricher, repository } = start();
    const running: Execution = { ...execution, status: "Started" };
    let asked = 0;
    repository.answers.execution = async () => (asked++ === 0 ? running : answer());
    assert.deepEqual(await enricher.enrich(taskEvent(), inMs(200)), { ...complete, execution: running });
  }
});

test("asks about the runs of one task thirty times at once at most, and goes without them then", async () => {
  const { enricher, repository } = start();
  const all = await Promise.all(Array.from({ length: 100 }, () => enricher.enrich(taskEvent(), inMs(5_000))));
  assert.ok(all.every(({ task: found, app: its }) => found === task && its === app));
  assert.equal(all.filter(({ kind }) => kind === "partial").length, 100 - repository.asked.length + 2);
  assert.ok(repository.asked.length <= 2 + 31, `${repository.asked.length} questions`);
});

test("gives the end of the script log where it is asked for, none of it when there is none, and is partial when it is late", async () => {
  const { enricher, repository } = start({ scriptLogLines: 20 });
  assert.deepEqual(await enricher.enrich(taskEvent(), inMs(1_000)), { ...complete, scriptLogTail: ["the end"] });
  assert.ok(repository.asked.includes(`script log ${execution.id} 20`));
  for (const answer of [async () => undefined, () => Promise.reject(new RepositoryError("not-found", "no log"))]) {
    repository.answers.scriptLogTail = answer;
    assert.deepEqual(await enricher.enrich(taskEvent(), inMs(100)), { ...complete, scriptLogTail: [] });
  }
  for (const answer of [() => never(), () => Promise.reject(new RepositoryError("not-authorised", "no"))]) {
    repository.answers.scriptLogTail = answer;
    assert.deepEqual(await enricher.enrich(taskEvent(), inMs(100)), { ...complete, kind: "partial" });
  }
  const asked = repository.asked.length;
  repository.answers.execution = async () => ({ ...execution, scriptLogAvailable: false });
  assert.deepEqual(await enricher.enrich(taskEvent(), inMs(100)), {
    ...complete,
    execution: { ...execution, scriptLogAvailable: false },
    scriptLogTail: [],
  });
  assert.equal(repository.asked.length, asked + 1);
});

test("asks nothing about an event without a task id", async () => {
  const { enricher, repository, results } = start();
  assert.deepEqual(await enricher.enrich(taskEvent({ data: { taskId: "" } }), inMs(1_000)), unavailable);
  assert.equal(await enricher.task("", inMs(1_000)), undefined);
  assert.deepEqual([repository.asked, results], [[], ["unavailable no-task-id"]]);
});

test("lets a thousand alerts wait, and no more", async () => {
  const hurry = new AbortController();
  const { enricher, repository, results } = start({ hurry: hurry.signal });
  for (const question of everything) repository.answers[question] = never;
  const waiting = Array.from({ length: 1_001 }, () => enricher.enrich(taskEvent(), inMs(60_000)));
  await delay(0);
  assert.deepEqual([results, enricher.waiting()], [["unavailable too-many"], 1_000]);
  hurry.abort();
  assert.ok((await Promise.all(waiting)).every(({ kind }) => kind === "unavailable"));
  assert.equal(enricher.waiting(), 0);
});

test("waits for nothing any more when it is told to hurry", async () => {
  const hurry = new AbortController();
  const { enricher, repository, results } = start({ hurry: hurry.signal });
  for (const question of everything) repository.answers[question] = never;
  const enrichment = enricher.enrich(taskEvent(), inMs(60_000));
  const found = enricher.task(task.id, inMs(60_000));
  hurry.abort();
  assert.deepEqual(await enrichment, unavailable);
  assert.equal(await found, undefined);
  assert.deepEqual(await enricher.enrich(taskEvent(), inMs(60_000)), unavailable);
  assert.deepEqual(results, ["unavailable stopping", "unavailable stopping"]);
});

test("an alert is not lost over a defect, which is told", async () => {
  const { enricher, repository, results, defects } = start();
  const defect = new TypeError("a defect");
  repository.answers.task = () => Promise.reject(defect);
  const known = { ...complete, kind: "partial", task: undefined };
  assert.deepEqual(await enricher.enrich(taskEvent(), inMs(1_000)), known);
  assert.deepEqual([results, defects], [["partial defect"], [defect]]);
});
