import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, type TestContext, test } from "node:test";
import {
  type Environment,
  eventually,
  type Qrs,
  type QrsOptions,
  type Service,
  sendDatagrams,
  startQrs,
  startService,
} from "@sense-alerts/test-kit";
import { messagesOf, newTask, sendAlert } from "../src/alerts.js";
import { addTask } from "../src/qrs-task.js";
import { startServers } from "../src/stack.js";

// One scope, so that services are stopped before the servers they talk to.
const file = { after };
const { nats, subscriber, env } = await startServers(file);
const ingest = await startService(file, "udp-ingest", { NATS_URL: nats.url }, { waitFor: "ready" });

async function startWithQrs(t: TestContext, own: Environment, options: QrsOptions = {}) {
  const qrs = await startQrs(t, options);
  const alerter = await startWith(t, { ...qrs.environment, ...own });
  return { qrs, alerter };
}

function startWith(t: TestContext, own: Environment): Promise<Service> {
  return startService(t, "mqtt-alerter", { ...env, ...own }, { waitFor: "ready" });
}

async function alertOf(qrs: Qrs) {
  return sendAlert(ingest, subscriber, addTask(qrs).run());
}

const typeNumbers = { reload: 0, externalprogram: 1, usersync: 2, distribute: 3, preload: 4 };

/**
 * Sends one failed task of each type, of a type that only QRS has a number for, and of one that QRS does not know.
 * Resolves to the types that were alerted.
 */
async function alertedTypes(qrs: Qrs): Promise<string[]> {
  const types = { ...typeNumbers, tomorrow: 9 };
  const prefix = randomUUID();
  const alerts = Object.entries(types).map(([type, taskType]) => {
    const taskName = `${prefix} ${type}`;
    return { type, ...newTask({ ...addTask(qrs, { name: taskName, taskType }).run(), taskName }) };
  });
  const unknown = { type: "unknown", ...newTask({ taskId: randomUUID(), taskName: `${prefix} unknown` }) };
  const all = [...alerts, unknown];
  await sendDatagrams(
    await ingest.udpPort(),
    all.map(({ datagram }) => datagram),
  );
  const told = () =>
    all.filter(({ taskName }) => messagesOf(subscriber, taskName).length === 2).map(({ type }) => type);
  await eventually(() => assert.ok(told().includes("unknown") && told().includes("tomorrow")));
  return told();
}

for (const [given, expected] of [
  [undefined, ["reload", "externalprogram", "usersync", "distribute", "preload", "tomorrow", "unknown"]],
  ["Reload, distribute", ["reload", "distribute", "tomorrow", "unknown"]],
  ["usersync", ["usersync", "tomorrow", "unknown"]],
] as const) {
  test(`ALERT_TASK_TYPES=${given ?? ""} alerts these types, and what QRS does not know`, async (t) => {
    const { qrs, alerter } = await startWithQrs(t, given === undefined ? {} : { ALERT_TASK_TYPES: given });
    assert.deepEqual(await alertedTypes(qrs), expected);
    const unwanted = 7 - expected.length;
    await eventually(async () =>
      assert.equal(await alerter.metric("sensealerts_alerter_unwanted_alerts_total"), unwanted),
    );
  });
}

test("ALERT_TASK_TYPES: while QRS is away every task is alerted, the first after QRS_TIMEOUT_SECONDS at most, in order", async (t) => {
  const { qrs } = await startWithQrs(t, { ALERT_TASK_TYPES: "reload", QRS_TIMEOUT_SECONDS: "1" });
  qrs.behave({ silent: "never" });
  const task = addTask(qrs);
  const executionIds = Array.from({ length: 20 }, () => task.run().executionId);
  const datagrams = executionIds.map((executionId) => newTask({ ...task.run(), executionId }).datagram);
  const sentAt = Date.now();
  await sendDatagrams(await ingest.udpPort(), datagrams);
  const basics = () =>
    subscriber.messages.filter(
      ({ topic, userProperties }) => topic === "qliksense/task_failure" && userProperties["taskId"] === task.taskId,
    );
  await eventually(() => assert.equal(basics().length, 20));
  assert.ok(Date.now() - sentAt < 1_500);
  assert.deepEqual(
    basics().map(({ userProperties }) => userProperties["eventId"]?.slice(-36)),
    executionIds,
  );
});

test("QRS_TIMEOUT_SECONDS is how long a full message waits", async (t) => {
  const { qrs, alerter } = await startWithQrs(t, { QRS_TIMEOUT_SECONDS: "1" });
  qrs.behave({ silent: "never" });
  const short = await alertOf(qrs);
  assert.ok(short.full.receivedAt - short.basic.receivedAt <= 1_000);
  assert.equal(short.object["enrichment"], "unavailable");
  await alerter.stop();
  const { qrs: slow } = await startWithQrs(t, { QRS_TIMEOUT_SECONDS: "5" });
  slow.behave({ delayMs: 1_200 });
  const long = await alertOf(slow);
  assert.ok(long.full.receivedAt - long.basic.receivedAt > 1_000);
  assert.equal(long.object["enrichment"], "complete");
});

for (const [seconds, questions] of [
  ["300", 1],
  ["0", 3],
] as const) {
  test(`QRS_CACHE_SECONDS=${seconds}: three alerts of one task ask ${questions} times for it and its app`, async (t) => {
    const { qrs } = await startWithQrs(t, { QRS_CACHE_SECONDS: seconds });
    const task = addTask(qrs);
    await eventually(() => assert.equal(qrs.count(/ task\/full/), 1));
    for (const n of [1, 2, 3])
      await sendAlert(ingest, subscriber, { ...task.run(), taskName: `${task.taskName} ${n}` });
    assert.equal(qrs.count(/ task\/full/), 1 + questions);
    assert.equal(qrs.count(/ app\/full/), questions);
  });
}

test("QRS_CACHE_SECONDS=1: what QRS says of a task is asked anew after a second", async (t) => {
  const { qrs } = await startWithQrs(t, { QRS_CACHE_SECONDS: "1" });
  const task = addTask(qrs);
  await sendAlert(ingest, subscriber, task.run());
  qrs.addTask({ id: task.taskId, name: "Renamed", tags: ["new"] });
  await eventually(async () => {
    const taskName = `again ${randomUUID()}`;
    const { object } = await sendAlert(ingest, subscriber, { ...task.run(), taskName });
    assert.deepEqual([object["qs_taskTags"], object["taskName"]], [["new"], taskName]);
  });
});

test("QRS_SCRIPT_LOG_LINES gives the last lines of the script log; where there is none the list is empty", async (t) => {
  const { qrs } = await startWithQrs(t, { QRS_SCRIPT_LOG_LINES: "2" });
  const task = addTask(qrs);
  const executionId = randomUUID();
  const run = { executionId, status: 8, scriptLogAvailable: true, fileReferenceID: randomUUID() };
  qrs.setScriptLog(qrs.setExecution(task.taskId, run), "one\r\ntwo\r\nthree\r\n");
  const { taskId, taskName, appId, appName } = task;
  const { object } = await sendAlert(ingest, subscriber, { taskId, taskName, appId, appName, executionId });
  assert.deepEqual(object["scriptLogTail"], ["two", "three"]);
  assert.equal(Object.keys(object).at(-1), "scriptLogTail");
  assert.deepEqual((await alertOf(qrs)).object["scriptLogTail"], []);
});

test("QRS_USER is the user that QRS is asked as", async (t) => {
  const user = "UserDirectory=ACME;UserId=sense-alerts";
  const { qrs } = await startWithQrs(t, { QRS_USER: user }, { users: [user] });
  assert.equal((await alertOf(qrs)).object["enrichment"], "complete");
  assert.deepEqual([...new Set(qrs.requests.map((request) => request.user))], [user]);
});

test("QRS_CA_FILE and QRS_TLS_INSECURE say whose certificate is taken; another's is one line that says what to do", async (t) => {
  const other = await startQrs(t);
  const { qrs, alerter } = await startWithQrs(t, { QRS_CA_FILE: other.caFile });
  assert.equal((await alertOf(qrs)).object["enrichment"], "unavailable");
  await eventually(() => assert.equal(alerter.logs.filter(({ msg }) => msg === "qrs is away").length, 1));
  assert.match(String(alerter.logs.find(({ msg }) => msg === "qrs is away")?.["reason"]), /QRS_CA_FILE/);
  await alerter.stop();
  const insecure = await startWith(t, { ...qrs.environment, QRS_CA_FILE: other.caFile, QRS_TLS_INSECURE: "true" });
  assert.equal((await alertOf(qrs)).object["enrichment"], "complete");
  assert.ok(insecure.logs.some(({ msg }) => msg === "the certificate of qrs is not checked"));
});
