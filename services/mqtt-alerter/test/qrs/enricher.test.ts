import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type Execution, RepositoryError } from "@sense-alerts/qlik-repository";
import { createEnricher, type EnricherOptions, type EnrichmentResult } from "../../src/qrs/enricher.js";
import { taskEvent } from "../fixtures/events.js";
import { app, createInMemoryRepository, execution, task } from "../fixtures/repository.js";

function start(options: Partial<EnricherOptions> = {}) {
  const repository = createInMemoryRepository();
  const results: EnrichmentResult[] = [];
  const defects: unknown[] = [];
  const enricher = createEnricher({
    repository,
    suspended: () => false,
    keepMs: 300_000,
    scriptLogLines: 0,
    hurry: new AbortController().signal,
    onEnriched: (result) => results.push(result),
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
  assert.ok(told.kind === "complete" && told.app === undefined);
});

test("is complete without what QRS does not have", async () => {
  const { enricher, repository } = start();
  const none = async () => undefined;
  Object.assign(repository.answers, { task: none, app: none, execution: none });
  const nothing = { task: undefined, app: undefined, execution: undefined, scriptLogTail: undefined };
  assert.deepEqual(await enricher.enrich(taskEvent(), inMs(1_000)), { kind: "complete", ...nothing });
});

for (const executionId of ["", "00000000-0000-0000-0000-000000000000"]) {
  test(`asks for the run without an execution id when it is "${executionId}"`, async () => {
    const { enricher, repository } = start();
    await enricher.enrich(taskEvent({ data: { executionId } }), inMs(1_000));
    assert.ok(repository.asked.includes("execution undefined"));
  });
}

for (const question of ["task", "app", "execution"] as const) {
  test(`is unavailable at once when QRS cannot be asked for the ${question}`, async () => {
    const { enricher, repository, results } = start();
    Object.assign(repository.answers, {
      [question]: () => Promise.reject(new RepositoryError("suspended", "later")),
    });
    const beganMs = performance.now();
    assert.deepEqual(await enricher.enrich(taskEvent(), inMs(60_000)), unavailable);
    assert.ok(performance.now() - beganMs < 1_000);
    assert.deepEqual(results, ["suspended"]);
  });

  test(`is unavailable at the deadline when QRS does not answer for the ${question}`, async () => {
    const { enricher, repository, results } = start();
    repository.answers[question] = never;
    const beganMs = performance.now();
    assert.deepEqual(await enricher.enrich(taskEvent(), inMs(100)), unavailable);
    assert.ok(performance.now() - beganMs >= 99);
    assert.deepEqual(results, ["deadline"]);
    assert.equal(enricher.waiting(), 0);
  });
}

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
  assert.ok(all.every(({ kind }) => kind === "complete"));
  assert.ok(repository.asked.length <= 2 + 31, `${repository.asked.length} questions`);
});

test("is unavailable without a question about the run only while QRS is suspended", async () => {
  let suspended = false;
  const { enricher } = start({ suspended: () => suspended });
  await Promise.all(Array.from({ length: 40 }, () => enricher.enrich(taskEvent(), inMs(5_000))));
  suspended = true;
  assert.deepEqual(await enricher.enrich(taskEvent(), inMs(5_000)), unavailable);
});

test("gives the end of the script log where it is asked for, and none of it when there is none or it is late", async () => {
  const { enricher, repository } = start({ scriptLogLines: 20 });
  assert.deepEqual(await enricher.enrich(taskEvent(), inMs(1_000)), { ...complete, scriptLogTail: ["the end"] });
  assert.ok(repository.asked.includes(`script log ${execution.id} 20`));
  for (const answer of [
    async () => undefined,
    () => Promise.reject(new RepositoryError("not-found", "no log")),
    () => never(),
  ]) {
    repository.answers.scriptLogTail = answer;
    assert.deepEqual(await enricher.enrich(taskEvent(), inMs(100)), { ...complete, scriptLogTail: [] });
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
  assert.deepEqual([repository.asked, results], [[], ["no-task-id"]]);
});

test("lets a thousand alerts wait, and no more", async () => {
  const { enricher, repository, results } = start();
  repository.answers.task = never;
  const waiting = Array.from({ length: 1_001 }, () => enricher.enrich(taskEvent(), inMs(300)));
  await delay(0);
  assert.deepEqual([results, enricher.waiting()], [["too-many"], 1_000]);
  assert.ok((await Promise.all(waiting)).every(({ kind }) => kind === "unavailable"));
  assert.equal(enricher.waiting(), 0);
});

test("waits for nothing any more when it is told to hurry", async () => {
  const hurry = new AbortController();
  const { enricher, repository, results } = start({ hurry: hurry.signal });
  repository.answers.task = never;
  const enrichment = enricher.enrich(taskEvent(), inMs(60_000));
  const found = enricher.task(task.id, inMs(60_000));
  hurry.abort();
  assert.deepEqual(await enrichment, unavailable);
  assert.equal(await found, undefined);
  assert.deepEqual(await enricher.enrich(taskEvent(), inMs(60_000)), unavailable);
  assert.deepEqual(results, ["stopping", "stopping"]);
});

test("an alert is not lost over a defect, which is told", async () => {
  const { enricher, repository, results, defects } = start();
  const defect = new TypeError("a defect");
  repository.answers.task = () => Promise.reject(defect);
  assert.deepEqual(await enricher.enrich(taskEvent(), inMs(1_000)), unavailable);
  assert.deepEqual([results, defects], [["defect"], [defect]]);
});
