import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { eventually } from "@sense-alerts/test-kit";
import { startBoth } from "./fixtures/repository.js";

test("tells the run of a session, and the last of its retries", async (t) => {
  const { qrs, repository } = await startBoth(t);
  const task = qrs.addTask({ name: "T" });
  const executionId = randomUUID();
  const startTime = (minute: number) => `2026-11-20T05:0${minute}:00.000Z`;
  for (const minute of [1, 3, 2]) {
    qrs.setExecution(task.id, { id: randomUUID(), executionId, status: 8, startTime: startTime(minute) });
  }
  qrs.setExecution(task.id, { executionId: randomUUID(), status: 7, startTime: startTime(9) });
  const question = { taskId: task.id, executionId, receivedAtMs: Date.now() };
  const execution = await repository.execution(question);
  assert.deepEqual([execution?.startTime, execution?.status], [startTime(3), "FinishedFail"]);
});

test("tells all of a run that Qlik documents", async (t) => {
  const { qrs, repository } = await startBoth(t);
  const { id: taskId } = qrs.addTask({ name: "T" });
  const executionId = randomUUID();
  const fileReferenceID = randomUUID();
  const detail = (second: number) => ({ message: `m${second}`, detailCreatedDate: `2026-11-20T05:00:0${second}.000Z` });
  const entity = qrs.setExecution(taskId, {
    executionId,
    status: 6,
    startTime: "2026-11-20T05:00:00.000Z",
    stopTime: "2026-11-20T05:00:12.190Z",
    duration: 12_190,
    executingNodeName: "pro2-win2.lab.example",
    details: [detail(2), detail(1)],
    fileReferenceID,
    scriptLogAvailable: true,
  });
  assert.deepEqual(await repository.execution({ taskId, executionId, receivedAtMs: Date.now() }), {
    id: entity.id,
    executingNodeName: "pro2-win2.lab.example",
    status: "Aborted",
    startTime: "2026-11-20T05:00:00.000Z",
    stopTime: "2026-11-20T05:00:12.190Z",
    durationMs: 12_190,
    details: [1, 2].map((second) => ({ message: `m${second}`, date: `2026-11-20T05:00:0${second}.000Z` })),
    fileReferenceId: fileReferenceID,
    scriptLogAvailable: true,
  });
});

test("tells a run that arrives late once it is there, and the former run never", async (t) => {
  const { qrs, repository } = await startBoth(t);
  const { id: taskId } = qrs.addTask({ name: "T" });
  const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
  qrs.setExecution(taskId, { status: 7, startTime: hourAgo, stopTime: hourAgo });
  const executionId = randomUUID();
  const late = qrs.setExecution(taskId, { executionId, status: 8 }, { afterMs: 300 });
  const question = { taskId, executionId, receivedAtMs: Date.now() };
  assert.equal(await repository.execution(question), undefined);
  const execution = await eventually(async () => {
    const found = await repository.execution(question);
    assert(found !== undefined);
    return found;
  });
  assert.equal(execution.id, late.id);
});

test("without an execution id, or a result for it, takes the task's last run when its times fit the event", async (t) => {
  const { qrs, repository } = await startBoth(t);
  const { id: taskId } = qrs.addTask({ name: "T" });
  const last = qrs.setExecution(taskId, { status: 8 });
  for (const executionId of [undefined, randomUUID()]) {
    const near = await repository.execution({ taskId, executionId, receivedAtMs: Date.now() });
    assert.equal(near?.id, last.id);
    const far = await repository.execution({ taskId, executionId, receivedAtMs: Date.now() + 3_600_000 });
    assert.equal(far, undefined);
  }
});

test("tells no run of a task that never ran, or is not there", async (t) => {
  const { qrs, repository } = await startBoth(t);
  const { id } = qrs.addTask({ name: "T" });
  for (const taskId of [id, randomUUID()]) {
    const question = { taskId, executionId: undefined, receivedAtMs: Date.now() };
    assert.equal(await repository.execution(question), undefined);
  }
});
