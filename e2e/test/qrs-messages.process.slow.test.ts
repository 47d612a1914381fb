import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, type TestContext, test } from "node:test";
import {
  type Environment,
  eventually,
  type Service,
  sendDatagram,
  startQrs,
  startService,
} from "@sense-alerts/test-kit";
import { alertOf, newTask, sendAlert } from "../src/alerts.js";
import { addTask } from "../src/qrs-task.js";
import { startServers } from "../src/stack.js";

// One scope, so that services are stopped before the servers they talk to.
const file = { after };
const { nats, subscriber, env } = await startServers(file);
const ingest = await startService(file, "udp-ingest", { NATS_URL: nats.url }, { waitFor: "ready" });

async function startWithQrs(t: TestContext, own: Environment = {}) {
  const qrs = await startQrs(t);
  const alerter = await startService(
    t,
    "mqtt-alerter",
    {
      ...env,
      ...qrs.environment,
      TASK_SUCCESS_TOPIC: "qliksense/task_success",
      TASK_SUCCESS_SEND_FULL: "true",
      ...own,
    },
    { waitFor: "ready" },
  );
  await eventually(() => assert.ok(logged(alerter, "qrs is there")));
  return { qrs, alerter };
}

function logged(service: Service, message: string): number {
  return service.logs.filter(({ msg }) => msg === message).length;
}

const butlerKeys = [
  ...["hostName", "user", "taskName", "taskId", "appName", "appId", "logTimeStamp", "logLevel", "executionId"],
  ...["logMessage", "qs_appTags", "qs_appCustomProperties", "qs_taskTags", "qs_taskCustomProperties"],
  ...["qs_appMetadata", "qs_taskMetadata"],
];
const ourKeys = [
  ...["eventId", "eventType", "schemaVersion", "receivedAt", "logTimeStampUtc", "userDirectory", "userId"],
  ...["sourceAddress", "enrichment", "taskType", "executingNodeName", "executionStatus", "executionDurationMs"],
  "executionDetails",
];

for (const [kind, tag, status, statusName] of [
  ["failed", "/scheduler-task-failed/", 8, "FinishedFail"],
  ["aborted", "/scheduler-task-aborted/", 6, "Aborted"],
  ["succeeded", "/scheduler-task-success//", 7, "FinishedSuccess"],
] as const) {
  test(`the full message of a task that ${kind} holds everything of Butler's, in its order, and of the run`, async (t) => {
    const { qrs } = await startWithQrs(t);
    const task = addTask(qrs);
    const details = [
      { message: "Max retries reached", detailCreatedDate: "2024-04-12T05:33:03.400Z" },
      { message: "Changing task state", detailCreatedDate: "2024-04-12T05:33:02.000Z" },
    ];
    const { object, full } = await sendAlert(ingest, subscriber, { tag, ...task.run({ status, details }) });
    assert.deepEqual(Object.keys(object), [...butlerKeys, ...ourKeys]);
    const taskEntity = qrs.tasks().find(({ id }) => id === task.taskId);
    const appEntity = qrs.apps().find(({ id }) => id === task.appId);
    assert.deepEqual(object["qs_appTags"], ["Test data"]);
    assert.deepEqual(object["qs_taskTags"], ["startTask1", "försäljning"]);
    assert.deepEqual(object["qs_appCustomProperties"], [
      { name: "Butler_AlertGroup", value: "a" },
      { name: "Butler_AlertGroup", value: "b" },
    ]);
    assert.deepEqual(object["qs_taskCustomProperties"], [
      { name: "taskGroup", value: "a" },
      { name: "taskGroup", value: "b" },
    ]);
    assert.deepEqual(object["qs_taskMetadata"], JSON.parse(JSON.stringify(taskEntity)));
    assert.deepEqual(object["qs_appMetadata"], JSON.parse(JSON.stringify(appEntity)));
    assert.deepEqual(Object.fromEntries(ourKeys.slice(8).map((key) => [key, object[key]])), {
      enrichment: "complete",
      taskType: "Reload",
      executingNodeName: "pro2-win1.lab.example",
      executionStatus: statusName,
      executionDurationMs: 12_190,
      executionDetails: [
        { message: "Changing task state", date: "2024-04-12T05:33:02.000Z" },
        { message: "Max retries reached", date: "2024-04-12T05:33:03.400Z" },
      ],
    });
    // As text, too: no key is out of its place.
    assert.match(full.text, /^\{"hostName":.*"logMessage":.*"qs_appTags":\[.*"qs_taskMetadata":\{.*"eventId":/);
  });
}

test("a task without an app has empty app fields, of the types that they always have", async (t) => {
  const { qrs } = await startWithQrs(t);
  const { id: taskId, name } = qrs.addTask({ name: "Run a program", taskType: 1 });
  const executionId = randomUUID();
  qrs.setExecution(taskId, { executionId, status: 8 });
  const names = { taskName: String(name), appName: "", appId: "(null)" };
  const { object } = await sendAlert(ingest, subscriber, { taskId, executionId, ...names });
  assert.deepEqual(
    [object["qs_appTags"], object["qs_appCustomProperties"], object["qs_appMetadata"], object["taskType"]],
    [[], [], {}, "ExternalProgram"],
  );
  assert.equal(object["enrichment"], "complete");
});

test("a task and an app that were deleted are alerted, with empty fields", async (t) => {
  await startWithQrs(t);
  const { object } = await sendAlert(ingest, subscriber, { taskId: randomUUID(), appId: randomUUID() });
  assert.deepEqual(Object.keys(object), [...butlerKeys, ...ourKeys]);
  assert.deepEqual(
    [object["enrichment"], object["qs_taskTags"], object["qs_taskMetadata"], object["taskType"]],
    ["complete", [], {}, null],
  );
});

test("QRS settles ambiguous names in the full message at once, and in the basic one of the next alert", async (t) => {
  const { qrs } = await startWithQrs(t, { TASK_FAILURE_FULL_TOPIC: "full/{taskName}" });
  const task = addTask(qrs, { name: "Load A; then; B" });
  const raw = `${task.taskName};${task.appName}`;
  const names = { taskName: task.taskName, appName: task.appName };
  const first = await sendAlert(ingest, subscriber, { ...task.run(), ...names });
  assert.deepEqual([first.object["taskName"], first.object["appName"]], [task.taskName, task.appName]);
  assert.deepEqual(["ambiguousNames" in first.object, first.object["rawNames"]], [false, raw]);
  assert.equal(first.full.topic, "full/Load A; then; B");
  const basics = () =>
    subscriber.messages.filter(
      ({ topic, userProperties }) => topic === "qliksense/task_failure" && userProperties["taskId"] === task.taskId,
    );
  await sendDatagram(await ingest.udpPort(), newTask({ ...task.run(), ...names }).datagram);
  await eventually(() =>
    assert.deepEqual(
      basics()
        .map(({ text }) => text)
        .at(1),
      task.taskName,
    ),
  );
});

test("the result that QRS writes late is waited for, and so is one that is not at its end", async (t) => {
  const { qrs } = await startWithQrs(t);
  const late = addTask(qrs);
  const executionId = randomUUID();
  qrs.setExecution(late.taskId, { executionId, status: 8 }, { afterMs: 700 });
  const running = addTask(qrs);
  const run = running.run({ status: 5 });
  qrs.setExecution(running.taskId, { executionId: run.executionId, status: 6 }, { afterMs: 700 });
  const { taskId, taskName, appId, appName } = late;
  const alerts = await Promise.all([
    sendAlert(ingest, subscriber, { taskId, taskName, appId, appName, executionId }),
    sendAlert(ingest, subscriber, { ...run, tag: "/scheduler-task-aborted/" }),
  ]);
  assert.deepEqual(
    alerts.map(({ object }) => object["executionStatus"]),
    ["FinishedFail", "Aborted"],
  );
  for (const { basic, full } of alerts) assert.ok(full.receivedAt - basic.receivedAt > 300);
});

test("while QRS is away alerts go out without it, with two lines in the log for all of them, and it is not needed to be ready", async (t) => {
  const { qrs, alerter } = await startWithQrs(t);
  const task = addTask(qrs);
  assert.equal((await sendAlert(ingest, subscriber, task.run())).object["enrichment"], "complete");
  await qrs.stop();
  for (let n = 0; n < 10; n++) {
    const { object, basic, full } = await sendAlert(ingest, subscriber);
    assert.equal(object["enrichment"], "unavailable");
    assert.deepEqual(Object.keys(object), [...butlerKeys.slice(0, 10), ...ourKeys.slice(0, 9)]);
    // At once, when it is known to be away.
    if (n > 2) assert.ok(full.receivedAt - basic.receivedAt < 250, `${full.receivedAt - basic.receivedAt} ms`);
  }
  const { object: known } = await sendAlert(ingest, subscriber, { ...task.run(), taskName: "known" });
  assert.deepEqual([known["enrichment"], known["taskType"]], ["partial", "Reload"], "what QRS said before");
  const away = await alerter.readyz();
  assert.equal(away.status, 200);
  assert.match(JSON.stringify(away.body), /"qrs":\{"required":false,"up":false/);
  assert.equal(await alerter.metric("sensealerts_alerter_qrs_suspended"), 1);
  await qrs.start();
  await eventually(() => assert.equal(logged(alerter, "qrs is back"), 1));
  assert.equal(
    (await sendAlert(ingest, subscriber, { ...task.run(), taskName: "then" })).object["enrichment"],
    "complete",
  );
  assert.equal(logged(alerter, "qrs is away"), 1);
  assert.match(JSON.stringify((await alerter.readyz()).body), /"qrs":\{"required":false,"up":true/);
  assert.equal(await alerter.metric("sensealerts_alerter_enrichments_total", { enrichment: "complete" }), 2);
  assert.equal(await alerter.metric("sensealerts_alerter_enrichments_total", { enrichment: "unavailable" }), 10);
  assert.ok((await alerter.metric("sensealerts_alerter_qrs_requests_total", { outcome: "ok" })) >= 6);
});

test("without QRS_URL nothing of it shows", async (t) => {
  const alerter = await startService(t, "mqtt-alerter", env, { waitFor: "ready" });
  const { object } = await sendAlert(ingest, subscriber);
  assert.equal(object["enrichment"], "off");
  assert.equal(Object.keys(object).length, 19);
  assert.doesNotMatch(JSON.stringify([(await alerter.readyz()).body, alerter.logs]), /qrs/i);
  assert.doesNotMatch(await alerter.metrics(), /qrs|enrichment/);
});

test("an alert without a task id, of an old log appender, goes out without QRS", async (t) => {
  await startWithQrs(t);
  const taskName = `legacy ${randomUUID()}`;

  await sendDatagram(await ingest.udpPort(), `sense1;${taskName};Sales;ACME\\anna`);
  const { object } = await alertOf(subscriber, taskName);
  assert.equal(object["enrichment"], "unavailable");
});
