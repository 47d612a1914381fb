import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type TestContext, test } from "node:test";
import type { QrsOptions } from "@sense-alerts/test-kit";
import type { Execution } from "../src/repository.js";
import { startBoth } from "./fixtures/repository.js";

/** A failed run with a script log, as QRS tells it. */
async function startWithLog(t: TestContext, text: string, fileReferenceID: string | undefined, options: QrsOptions) {
  const { qrs, repository } = await startBoth(t, {}, options);
  const { id: taskId } = qrs.addTask({ name: "T" });
  const executionId = randomUUID();
  const reference = fileReferenceID === undefined ? {} : { fileReferenceID };
  const entity = qrs.setExecution(taskId, { executionId, status: 8, scriptLogAvailable: true, ...reference });
  qrs.setScriptLog(entity, text);
  const execution = await repository.execution({ taskId, executionId, receivedAtMs: Date.now() });
  assert(execution !== undefined);
  return { qrs, repository, taskId, execution };
}

const log = "20261120T063001 line 1\r\n20261120T063002 försäljning\r\n20261120T063003 Error: Field not found\r\n";
const lastTwo = ["20261120T063002 försäljning", "20261120T063003 Error: Field not found"];

for (const [name, reference, scriptLogWays] of [
  ["before May 2025", randomUUID(), "old"],
  ["since May 2025", undefined, "new"],
  ["since May 2025, with a file reference still there", randomUUID(), "new"],
  ["that knows both ways", randomUUID(), "both"],
] as const) {
  test(`tells the last lines of a script log, of a Sense ${name}`, async (t) => {
    const { repository, taskId, execution } = await startWithLog(t, log, reference, { scriptLogWays });
    assert.deepEqual(await repository.scriptLogTail(taskId, execution, 2), lastTwo);
  });
}

test("asks for a script log that is not there to download yet until it is", async (t) => {
  const { qrs, repository, taskId, execution } = await startWithLog(t, log, undefined, {});
  qrs.behave({ match: /download/, status: 404, times: 2 });
  assert.deepEqual(await repository.scriptLogTail(taskId, execution, 2), lastTwo);
  assert.equal(qrs.count(/download/), 3);
});

test("tells no lines of a run without a script log", async (t) => {
  const { repository, taskId, execution } = await startWithLog(t, log, undefined, { scriptLogWays: "old" });
  assert.equal(await repository.scriptLogTail(taskId, execution, 2), undefined);
  const other: Execution = { ...execution, id: randomUUID(), fileReferenceId: randomUUID() };
  assert.equal(await repository.scriptLogTail(taskId, other, 2), undefined);
});

test("tells the end of a script log of many megabytes", async (t) => {
  const long = Array.from({ length: 300_000 }, (_, index) => `20261120T063001 line ${index}, of a long log`);
  const { repository, taskId, execution } = await startWithLog(t, `${long.join("\r\n")}\r\n`, undefined, {});
  assert.deepEqual(await repository.scriptLogTail(taskId, execution, 100), long.slice(-100));
  const all = await repository.scriptLogTail(taskId, execution, 1_000_000);
  assert(all !== undefined && all.length < 10_000);
  assert.deepEqual(all, long.slice(-all.length));
});
