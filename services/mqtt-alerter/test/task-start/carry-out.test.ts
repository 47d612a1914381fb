import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { BusError } from "@sense-alerts/bus";
import { RepositoryError, type RepositoryErrorCode, type Task } from "@sense-alerts/qlik-repository";
import { createCarryOut } from "../../src/task-start/carry-out.js";
import type { CarryOutOptions } from "../../src/task-start/carry-out-options.js";
import type { FoundRecord } from "../../src/task-start/start-log.js";
import type { StartResult } from "../../src/task-start/start-result.js";
import { encodeRequest, type StoredRequest } from "../../src/task-start/stored-request.js";

const taskId = "5a4d2f0e-6f0b-4b1c-9d35-0f6f3c8f7a11";
const anyTask = { any: true, ids: new Set<string>(), tags: new Set<string>(), customProperties: [] };
const request: StoredRequest = {
  key: "id-1",
  requestId: "1",
  taskId,
  problem: null,
  receivedAt: "2026-11-23T12:00:00.000Z",
  responseTopic: null,
  correlationData: null,
  userProperties: [],
};
/** A task whose last run has this id. */
function taskAfter(run: string, facts: Partial<Task> = {}): Task {
  const metadata = { operational: { lastExecutionResult: { id: run, startTime: "2026-11-23T11:00:00.000Z" } } };
  return { id: taskId, name: "t", type: "Reload", app: undefined, tags: [], customProperties: [], metadata, ...facts };
}

const receivedMs = Date.parse(request.receivedAt);

function setUp(changes: Partial<CarryOutOptions> = {}) {
  const records = new Map<string, FoundRecord>();
  const [calls, results, told]: [string[], StartResult[], boolean[]] = [[], [], []];
  let nowMs = receivedMs;
  let sequence = 0;
  const options: CarryOutOptions = {
    allow: anyTask,
    repository: {
      task: async (): Promise<Task | undefined> => taskAfter("r1"),
      startTask: async (id) => {
        calls.push(id);
        return "session";
      },
    },
    log: {
      find: async (key) => records.get(key),
      write: async (key, record, after, writeId) => {
        if ((records.get(key)?.sequence ?? 0) !== after) return undefined;
        records.set(key, { record, writeId, sequence: ++sequence, storedAtMs: nowMs });
        return sequence;
      },
    },
    answer: async (_request, result) => {
      results.push(result);
      return { kind: "done" };
    },
    instance: "a",
    repositoryTimeoutMs: 10_000,
    onResult: (_request, _result, repeated) => told.push(repeated),
    onWait: () => {},
    clock: () => nowMs,
    ...changes,
  };
  const carryOut = createCarryOut(options);
  return {
    records,
    calls,
    results,
    told,
    after: (ms: number) => {
      nowMs = receivedMs + ms;
    },
    handle: (stored: unknown = request, deliveries = 1) =>
      carryOut.handle(
        { key: "1", subject: "s", bytes: encodeRequest(stored as StoredRequest), sequence: 1, deliveries },
        new AbortController().signal,
      ),
    carryOut,
  };
}

function failing(code: RepositoryErrorCode, sent: boolean) {
  return {
    task: async () => taskAfter("r1"),
    startTask: () => Promise.reject(new RepositoryError(code, "why", { sent })),
  };
}

test("starts a task, writes it down and answers; a repeat gets the same answer and no call", async () => {
  const { handle, calls, results, told } = setUp();
  assert.deepEqual(await handle(), { kind: "done" });
  assert.deepEqual(await handle(), { kind: "done" });
  assert.deepEqual(calls, [taskId]);
  assert.deepEqual(results[1], results[0]);
  assert.deepEqual(results[0], { requestId: "1", taskId, status: "started", sessionId: "session", reason: null });
  assert.deepEqual(told, [false, true]);
});

test("starts the task at once at the next delivery when the acknowledgement of its attempt was lost", async () => {
  const records = new Map<string, FoundRecord>();
  let isLost = true;
  const { handle, calls, results } = setUp({
    log: {
      find: async (key) => records.get(key),
      write: async (key, record, _after, writeId) => {
        const sequence = records.size + 1;
        records.set(key, { record, writeId, sequence, storedAtMs: receivedMs });
        if (isLost) throw new BusError("no-ack", "no acknowledgement");
        return sequence;
      },
    },
  });
  assert.deepEqual(await handle(), { kind: "later", delayMs: 1_000 });
  assert.deepEqual(calls, []);
  isLost = false;
  assert.deepEqual(await handle(request, 2), { kind: "done" });
  assert.deepEqual(calls, [taskId]);
  assert.equal(results[0]?.status, "started");
});

for (const [what, task, status, reason, callsMade] of [
  ["started when the task has run since", async () => taskAfter("r2"), "started", /^found: /, 0],
  ["started again when it has not", async () => taskAfter("r1"), "started", /^$/, 1],
  ["unknown when the task is gone", async () => undefined, "failed", /^unknown: /, 0],
  [
    "unknown when QRS will not say",
    () => Promise.reject(new RepositoryError("not-authorised", "why")),
    "failed",
    /^unknown: /,
    0,
  ],
] as const) {
  test(`leaves a request alone that another is carrying out; if that one broke off it is ${what}`, async () => {
    const calls: string[] = [];
    const startTask = async (id: string) => {
      calls.push(id);
      return "session";
    };
    const { handle, records, results, after } = setUp({ repository: { task, startTask } });
    const lastRun = "r1 2026-11-23T11:00:00.000Z";
    const record = { state: "attempt", by: "b", lastRun } as const;
    records.set("id-1", { record, writeId: "of b", sequence: 0, storedAtMs: receivedMs });
    after(19_999);
    assert.equal((await handle()).kind, "later");
    assert.deepEqual(calls, []);
    after(20_000);
    assert.equal((await handle()).kind, "done");
    assert.equal(results[0]?.status, status);
    assert.match(results[0]?.reason ?? "", reason);
    assert.equal(calls.length, callsMade);
  });
}

test("does not call when another was quicker to write down that it will", async () => {
  const { handle, calls } = setUp({ log: { find: async () => undefined, write: async () => undefined } });
  assert.equal((await handle()).kind, "later");
  assert.deepEqual(calls, []);
});

for (const [code, sent, status, reason] of [
  ["refused", true, "failed", "qrs-refused: why"],
  ["not-found", true, "refused", "no-such-task: there is no such task"],
  ["not-authorised", true, "failed", "qrs-failed: why"],
  ["tls", false, "failed", "qrs-failed: why"],
  ["timeout", true, "failed", "unknown: whether the task was started is unknown, look at the task: why"],
  ["unreachable", true, "failed", "unknown: whether the task was started is unknown, look at the task: why"],
  ["busy", true, "failed", "unknown: whether the task was started is unknown, look at the task: why"],
] as const) {
  test(`answers ${status} when the call of QRS ends with ${code}`, async () => {
    const { handle, results } = setUp({ repository: failing(code, sent) });
    assert.equal((await handle()).kind, "done");
    assert.deepEqual([results[0]?.status, results[0]?.reason], [status, reason]);
  });
}

test("waits while a call cannot leave, with growing pauses, and gives up 5 minutes after the request came", async () => {
  const { handle, results, after, records, carryOut } = setUp({ repository: failing("unreachable", false) });
  for (const [deliveries, longestMs] of [
    [1, 1_000],
    [3, 4_000],
    [300, 10_000],
  ] as const) {
    const outcome = await handle(request, deliveries);
    assert.ok(outcome.kind === "later" && Number.isInteger(outcome.delayMs));
    assert.ok(outcome.delayMs >= longestMs / 2 && outcome.delayMs <= longestMs, `${outcome.delayMs}`);
  }
  assert.equal(records.get("id-1")?.record.state, "open");
  assert.equal(carryOut.waiting(), 1);
  after(299_000);
  assert.deepEqual(await handle(request, 300), { kind: "later", delayMs: 1_000 });
  after(300_000);
  assert.equal((await handle(request, 301)).kind, "done");
  assert.equal(results[0]?.reason, "too-late: it waited 300 seconds in vain: why");
  assert.equal(carryOut.waiting(), 0);
});

test("refuses what comes when too many wait", async () => {
  const { handle, results } = setUp({ repository: failing("suspended", false) });
  for (let index = 0; index < 1_000; index++) await handle({ ...request, key: `id-${index}` });
  assert.equal((await handle({ ...request, key: "id-more" })).kind, "done");
  assert.match(results[0]?.reason ?? "", /^too-many-waiting: /);
});

test("hands a request back while NATS is away", async () => {
  const away = async () => {
    throw new BusError("disconnected", "away");
  };
  const { handle, calls } = setUp({ log: { find: away, write: away } });
  assert.deepEqual(await handle(), { kind: "later", delayMs: 1_000 });
  assert.deepEqual(calls, []);
});

test("makes a dead letter of what is no request", async () => {
  assert.deepEqual(await setUp().handle({ no: "request" }), { kind: "dead", reason: "not-a-request" });
});

test("asks QRS for a task that the allow-list may hold, and not for others", async (t: TestContext) => {
  const lists = { ...anyTask, any: false };
  const task = taskAfter("r1", { tags: ["a"], customProperties: [{ name: "n", value: "v" }] });
  for (const [allow, found, status] of [
    [{ ...lists, ids: new Set([taskId]) }, task, "started"],
    [{ ...lists, ids: new Set(["other"]) }, "not asked", "refused"],
    [lists, "not asked", "refused"],
    [{ ...lists, tags: new Set(["a"]) }, task, "started"],
    [{ ...lists, tags: new Set(["A"]) }, task, "refused"],
    [{ ...lists, customProperties: [{ name: "n", value: "v" }] }, task, "started"],
    [{ ...lists, customProperties: [{ name: "n", value: "w" }] }, task, "refused"],
    [{ ...lists, tags: new Set(["a"]) }, undefined, "refused"],
  ] as const) {
    const asked = t.mock.fn(async () => (found === "not asked" ? undefined : found));
    const { handle, results, calls } = setUp({ allow, repository: { task: asked, startTask: async () => "s" } });
    await handle();
    assert.equal(results[0]?.status, status);
    assert.equal(asked.mock.callCount(), found === "not asked" ? 0 : 1);
    assert.deepEqual(calls, []);
  }
});
