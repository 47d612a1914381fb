import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { RepositoryError, type RepositoryErrorCode } from "../src/repository-error.js";
import { startBoth } from "./fixtures/repository.js";

const zeroGuid = "00000000-0000-0000-0000-000000000000";

function failsWith(code: RepositoryErrorCode) {
  return (error: unknown) => error instanceof RepositoryError && error.code === code;
}

test("tells a task with its app, tags and custom properties, and the whole object, in one request", async (t) => {
  const { qrs, repository } = await startBoth(t);
  const app = qrs.addApp({ name: "Sales" });
  const entity = qrs.addTask({
    name: "Reload of Sales; EMEA",
    app: { id: app.id, name: "Sales" },
    tags: ["nightly", "försäljning"],
    customProperties: [
      { name: "team", value: "bi" },
      { name: "team", value: "ops" },
    ],
    fields: { aFieldOfTomorrow: { deep: [1] } },
  });
  qrs.addTask({ name: "Another" });
  assert.deepEqual(await repository.task(entity.id.toUpperCase()), {
    id: entity.id,
    name: "Reload of Sales; EMEA",
    type: "Reload",
    app: { id: app.id, name: "Sales" },
    tags: ["nightly", "försäljning"],
    customProperties: [
      { name: "team", value: "bi" },
      { name: "team", value: "ops" },
    ],
    metadata: JSON.parse(JSON.stringify(entity)),
  });
  assert.equal(qrs.requests.length, 1);
});

test("knows the types of tasks, and keeps the number of one that it does not know", async (t) => {
  const { qrs, repository } = await startBoth(t);
  for (const [taskType, type] of ["Reload", "ExternalProgram", "UserSync", "Distribute", "Preload", "5"].entries()) {
    const { id } = qrs.addTask({ name: "T", taskType });
    const task = await repository.task(id);
    assert.deepEqual([task?.type, task?.app], [type, undefined]);
  }
});

test("tells an app, and that a task or app is not there", async (t) => {
  const { qrs, repository } = await startBoth(t);
  const entity = qrs.addApp({ name: "Sales", tags: ["a"], customProperties: [{ name: "n", value: "v" }] });
  const app = await repository.app(entity.id);
  assert.deepEqual(app, {
    id: entity.id,
    name: "Sales",
    tags: ["a"],
    customProperties: [{ name: "n", value: "v" }],
    metadata: JSON.parse(JSON.stringify(entity)),
  });
  assert.equal(await repository.app(randomUUID()), undefined);
  assert.equal(await repository.task(entity.id), undefined);
});

test("starts a task once and tells the session", async (t) => {
  const { qrs, repository } = await startBoth(t);
  const { id } = qrs.addTask({ name: "T" });
  const sessionId = await repository.startTask(id);
  assert.deepEqual(qrs.starts, [{ taskId: id, sessionId }]);
  const execution = await repository.execution({ taskId: id, executionId: sessionId, receivedAtMs: Date.now() });
  assert.equal(execution?.status, "FinishedSuccess");
});

test("takes the session's bare GUID too", async (t) => {
  const { qrs, repository } = await startBoth(t);
  const { id } = qrs.addTask({ name: "T" });
  const sessionId = randomUUID();
  qrs.behave({ match: /^POST/, body: JSON.stringify(sessionId) });
  assert.equal(await repository.startTask(id), sessionId);
  qrs.behave({ match: /^POST/, body: JSON.stringify(zeroGuid) });
  await assert.rejects(repository.startTask(id), failsWith("refused"));
});

test("tells a task that cannot be started from one that is not there", async (t) => {
  const { qrs, repository } = await startBoth(t);
  const { id } = qrs.addTask({ name: "T", enabled: false });
  await assert.rejects(repository.startTask(id), failsWith("refused"));
  await assert.rejects(repository.startTask(randomUUID()), failsWith("not-found"));
  assert.deepEqual(qrs.starts, []);
});

test("asks nothing about what is no GUID", async (t) => {
  const { qrs, repository } = await startBoth(t);
  for (const id of ["", "22b106a8", `${randomUUID()}/start`, "../user", `${randomUUID()} or name ne 'x'`]) {
    const question = { taskId: randomUUID(), executionId: id, receivedAtMs: 0 };
    for (const ask of [
      () => repository.task(id),
      () => repository.app(id),
      () => repository.startTask(id),
      () => repository.execution(question),
    ]) {
      await assert.rejects(ask(), (error) => failsWith("refused")(error) && (error as RepositoryError).sent === false);
    }
  }
  assert.equal(qrs.requests.length, 0);
});
