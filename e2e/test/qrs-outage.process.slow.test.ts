import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type TestContext, test } from "node:test";
import { eventually, type Qrs, sendDatagrams, startQrs, taskDatagram } from "@sense-alerts/test-kit";
import { executionsOn } from "../src/drill.js";
import { tally, timingsOf } from "../src/qrs-alerts.js";
import { addTask, type TaskAtQrs } from "../src/qrs-task.js";
import { type Stack, startStack } from "../src/stack.js";

// Half of the machine may be taken by other tests, and what is measured is when messages reach a subscriber.
const timeoutSeconds = 5;
/**
 * The deadline counts from when the lane takes an event, and one lane may be behind the other. A second wait would take
 * longer.
 */
const laneSkewMs = 2_000;
const megabyte = 1_048_576;

async function startWithQrs(t: TestContext, own: Readonly<Record<string, string>> = {}): Promise<Stack & { qrs: Qrs }> {
  const qrs = await startQrs(t);
  const alerterEnv = { ...qrs.environment, QRS_TIMEOUT_SECONDS: String(timeoutSeconds), ...own };
  return { qrs, ...(await startStack(t, { alerterEnv })) };
}

/** Datagrams of so many runs of these tasks by turns, which QRS knows unless `known` says no. */
function runsOf(tasks: readonly TaskAtQrs[], count: number, known = true) {
  const runs = Array.from({ length: count }, (_, index) => {
    const task = tasks[index % tasks.length];
    assert.ok(task !== undefined);
    const { taskId, taskName, appId, appName } = task;
    return known ? task.run() : { taskId, taskName, appId, appName, executionId: randomUUID() };
  });
  return { executionIds: runs.map(({ executionId }) => executionId), datagrams: runs.map((run) => taskDatagram(run)) };
}

/** Waits for both messages of each, and reports and checks what holds whatever happens to QRS. */
async function delivered(
  t: TestContext,
  { subscriber }: Stack,
  executionIds: readonly string[],
  mostMs = timeoutSeconds * 1_000 + laneSkewMs,
) {
  const timings = await eventually(
    () => {
      const found = timingsOf(subscriber.messages);
      assert.equal(executionIds.filter((id) => !found.has(id)).length, 0);
      return found;
    },
    { timeoutMs: 60_000, intervalMs: 100, what: "all alerts" },
  );
  const all = [...timings.values()];
  const waitsMs = all.map(({ basicAt, fullAt }) => fullAt - basicAt);
  const longestMs = Math.max(...waitsMs);
  const enrichments = tally(all.map(({ enrichment }) => enrichment));
  t.diagnostic(`${all.length} alerts, full at most ${longestMs} ms after basic, ${JSON.stringify(enrichments)}`);
  assert.equal(all.length, executionIds.length);
  assert.ok(longestMs <= mostMs, `a full message came ${longestMs} ms after its basic one`);
  assert.deepEqual(executionsOn(subscriber, "qliksense/task_failure"), executionIds, "the order of the basic messages");
  return { enrichments, timings, longestMs };
}

const rssOf = (stack: Stack) => stack.alerter.metric("process_resident_memory_bytes");

test("QRS killed and back in the middle of 2,000 alerts: all are delivered, in order, none late, memory flat", async (t) => {
  const stack = await startWithQrs(t);
  const { qrs, ingest, alerter } = stack;
  const tasks = Array.from({ length: 200 }, () => addTask(qrs));
  const warmUp = runsOf(tasks, 400);
  const { executionIds, datagrams } = runsOf(tasks, 2_000);
  const port = await ingest.udpPort();
  await sendDatagrams(port, warmUp.datagrams, { perSecond: 400 });
  await eventually(() => assert.equal(timingsOf(stack.subscriber.messages).size, 400), { timeoutMs: 20_000 });
  const rssBefore = await rssOf(stack);
  const sending = sendDatagrams(port, datagrams, { perSecond: 400 });
  await eventually(() => assert.ok(timingsOf(stack.subscriber.messages).size > 900), { timeoutMs: 20_000 });
  await qrs.stop();
  await eventually(() => assert.ok(timingsOf(stack.subscriber.messages).size > 1_600), { timeoutMs: 20_000 });
  await qrs.start();
  await sending;
  const { enrichments } = await delivered(t, stack, [...warmUp.executionIds, ...executionIds]);
  const rssAfter = await rssOf(stack);
  const metrics = (await alerter.metrics()).split("\n");
  t.diagnostic(
    metrics.filter((line) => /^sensealerts_alerter_(enrichments|qrs_requests)_total\{/.test(line)).join("; "),
  );
  t.diagnostic(`RSS ${Math.round(rssBefore / megabyte)} MB before, ${Math.round(rssAfter / megabyte)} MB after`);
  // Task and app are known from before; only the run is not.
  assert.ok((enrichments["complete"] ?? 0) > 100 && (enrichments["partial"] ?? 0) > 100, JSON.stringify(enrichments));
  assert.ok(rssAfter - rssBefore < 60 * megabyte);
  const count = (message: string) => alerter.logs.filter(({ msg }) => msg === message).length;
  assert.ok(count("qrs is away") <= 2 && count("qrs is away") >= 1, "few lines, however many alerts");
  assert.equal(await alerter.metric("sensealerts_alerter_alerts_waiting_for_qrs"), 0);
});

test("a QRS that takes connections and never answers delays no basic message, and no full one beyond the deadline", async (t) => {
  const stack = await startWithQrs(t, { MQTT_MAX_INFLIGHT: "32" });
  const { qrs, ingest } = stack;
  const tasks = Array.from({ length: 200 }, () => addTask(qrs));
  qrs.behave({ silent: "never" });
  const { executionIds, datagrams } = runsOf(tasks, 600);
  const sentAt = Date.now();
  await sendDatagrams(await ingest.udpPort(), datagrams, { perSecond: 1_000 });
  const { enrichments, timings } = await delivered(t, stack, executionIds);
  assert.deepEqual(enrichments, { unavailable: 600 });
  const lastBasicMs = Math.max(...[...timings.values()].map(({ basicAt }) => basicAt)) - sentAt;
  t.diagnostic(`the last basic message ${lastBasicMs} ms after the first datagram`);
  assert.ok(lastBasicMs < timeoutSeconds * 1_000, `${lastBasicMs} ms`);
});

test("a slow QRS delays full messages to the deadline at most, and settles as many as it can", async (t) => {
  const stack = await startWithQrs(t);
  const { qrs, ingest } = stack;
  qrs.behave({ delayMs: 300 });
  const tasks = Array.from({ length: 5 }, () => addTask(qrs));
  const { executionIds, datagrams } = runsOf(tasks, 10);
  await sendDatagrams(await ingest.udpPort(), datagrams);
  const { enrichments } = await delivered(t, stack, executionIds);
  assert.ok((enrichments["complete"] ?? 0) >= 5, JSON.stringify(enrichments));
});

for (const known of [true, false]) {
  test(`a storm of 1,000 alerts of five tasks asks QRS little more than it asks of five (runs known: ${known})`, async (t) => {
    const stack = await startWithQrs(t);
    const { qrs, ingest } = stack;
    const tasks = Array.from({ length: 5 }, () => addTask(qrs));
    const { executionIds, datagrams } = runsOf(tasks, 1_000, known);
    await sendDatagrams(await ingest.udpPort(), datagrams, { perSecond: 2_000 });
    const { enrichments } = await delivered(t, stack, executionIds);
    const { complete = 0, partial = 0 } = enrichments;
    assert.deepEqual([complete >= 5, complete + partial], [true, 1_000], JSON.stringify(enrichments));
    const tasksAsked = qrs.requests.filter(({ path }) => path === "task/full").length;
    t.diagnostic(`${qrs.requests.length} requests, ${qrs.count(/ app\/full/)} for apps, ${tasksAsked} for tasks`);
    assert.equal(qrs.count(/ app\/full/), 5);
    assert.ok(qrs.requests.length < 400, `${qrs.requests.length} requests`);
  });
}

test("a storm of 1,000 alerts of 1,000 tasks asks for each thing once", async (t) => {
  const stack = await startWithQrs(t, { QRS_TIMEOUT_SECONDS: "60" });
  const { qrs, ingest } = stack;
  const tasks = Array.from({ length: 1_000 }, () => addTask(qrs));
  const { executionIds, datagrams } = runsOf(tasks, 1_000);
  await sendDatagrams(await ingest.udpPort(), datagrams, { perSecond: 2_000 });
  const { enrichments } = await delivered(t, stack, executionIds, 60_000);
  assert.deepEqual(enrichments, { complete: 1_000 });
  t.diagnostic(`${qrs.requests.length} requests`);
  assert.ok(qrs.requests.length <= 3_010, `${qrs.requests.length} requests`);
});

test("at a stop what waits for QRS is published without it, in half of the time for the stop", async (t) => {
  const stack = await startWithQrs(t, { QRS_TIMEOUT_SECONDS: "60", SHUTDOWN_TIMEOUT_SECONDS: "4" });
  const { qrs, ingest, alerter } = stack;
  qrs.behave({ silent: "never" });
  const { executionIds, datagrams } = runsOf([addTask(qrs)], 20);
  await sendDatagrams(await ingest.udpPort(), datagrams);
  await eventually(() => assert.equal(stack.on("qliksense/task_failure").length, 20));
  const { code, ms } = await alerter.stop();
  assert.equal(code, 0);
  assert.ok(ms < 4_000, `${ms} ms`);
  const { enrichments } = await delivered(t, stack, executionIds);
  assert.deepEqual(enrichments, { unavailable: 20 });
});
