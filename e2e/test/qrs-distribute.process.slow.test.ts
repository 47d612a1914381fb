import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, type TestContext, test } from "node:test";
import {
  type Environment,
  eventually,
  publishNats,
  type ReceivedMessage,
  type Service,
  sendDatagram,
  startQrs,
  startService,
  uniqueName,
} from "@sense-alerts/test-kit";
import { newTask, sendAlert } from "../src/alerts.js";
import { startServers } from "../src/stack.js";

// One scope, so that services are stopped before the servers they talk to.
const file = { after };
const { nats, subscriber, env } = await startServers(file);
const qrs = await startQrs(file);
const ingest = await startService(file, "udp-ingest", { NATS_URL: nats.url }, { waitFor: "ready" });
const alerterEnv = {
  ...env,
  ...qrs.environment,
  TASK_SUCCESS_TOPIC: "qliksense/task_success",
  TASK_SUCCESS_SEND_FULL: "true",
};
const startAlerter = (t: TestContext, own: Environment = {}) =>
  startService(t, "mqtt-alerter", { ...alerterEnv, ...own }, { waitFor: "ready" });

const timeoutMs = 40_000;

/** A distribution task, and the datagram of one of its runs. */
function distribution(status: number) {
  const name = uniqueName("Distribute");
  const { id: taskId } = qrs.addTask({ name, taskType: 3, tags: ["cloud"] });
  return { taskId, name, run: () => startRun(taskId, name, status) };
}

function startRun(taskId: string, name: string, status: number) {
  const executionId = randomUUID();
  qrs.setExecution(taskId, { executionId, status });
  const { datagram } = newTask({
    tag: "/scheduler-distribute/",
    taskName: name,
    taskId,
    executionId,
    appName: "",
    appId: "",
    logMessage: "Exiting execute of Distribute task request.",
  });
  return { executionId, datagram, becomes: (next: number) => qrs.setExecution(taskId, { executionId, status: next }) };
}

function messagesOf(executionId: string): ReceivedMessage[] {
  return subscriber.messages.filter(({ userProperties }) => userProperties["eventId"]?.endsWith(executionId));
}

/** Waits for both messages of a run. They come in any order. */
function alertOf(executionId: string, timeoutMs: number) {
  return eventually(
    () => {
      const messages = messagesOf(executionId);
      assert.equal(messages.length, 2);
      const basic = messages.find(({ topic }) => !topic.endsWith("_full"));
      const full = messages.find(({ topic }) => topic.endsWith("_full"));
      assert.ok(basic !== undefined && full !== undefined);
      return { basic, full, object: JSON.parse(full.text) };
    },
    { timeoutMs },
  );
}

const send = async (datagram: string) => sendDatagram(await ingest.udpPort(), datagram);

test("distributions are alerted as what they end as, each run by itself, and block nothing meanwhile", async (t) => {
  const alerter = await startAlerter(t, { MQTT_MAX_INFLIGHT: "2" });
  const task = distribution(13);
  const runs = [8, 11, 6, 7, 7].map((end) => ({ end, ...task.run() }));
  for (const { datagram } of runs) await send(datagram);
  await eventually(async () => {
    for (const lane of ["basic", "full"]) {
      const givenBack = { lane, outcome: "later" };
      assert.ok((await alerter.metric("sensealerts_alerter_events_total", givenBack)) >= runs.length);
    }
  });
  assert.equal(await alerter.metric("sensealerts_alerter_events_in_hand"), 0);
  // What comes after them passes them.
  await sendAlert(ingest, subscriber);
  for (const { executionId } of runs) assert.deepEqual(messagesOf(executionId), []);
  for (const status of [14, 10]) for (const run of runs) run.becomes(status);
  for (const { becomes, end } of runs) becomes(end);
  const topics = { 8: "task_failure", 11: "task_failure", 6: "task_aborted", 7: "task_success" } as const;
  for (const { executionId, end } of runs) {
    const { basic, full, object } = await alertOf(executionId, timeoutMs);
    const topic = `qliksense/${topics[end as keyof typeof topics]}`;
    assert.deepEqual([basic.topic, full.topic], [topic, `${topic}_full`]);
    assert.equal(basic.text, task.name);
    assert.equal(object.eventId, `task.distributed:${task.taskId}:${executionId}`);
    assert.equal(object.eventType, "sense.task.distributed");
    assert.deepEqual([object.enrichment, object.taskType, object.qs_taskTags], ["complete", "Distribute", ["cloud"]]);
    assert.equal(object.logMessage, "Exiting execute of Distribute task request.");
  }
  await alerter.stop();
});

test("a distribution is followed on over a restart of the alerter and a QRS that is away, and alerted once", async (t) => {
  const first = await startAlerter(t);
  const run = distribution(1).run();
  await send(run.datagram);
  const givenBack = (alerter: Service) =>
    alerter.metric("sensealerts_alerter_events_total", { lane: "basic", outcome: "later" });
  await eventually(async () => assert.ok((await givenBack(first)) >= 1));
  run.becomes(14);
  await eventually(async () => assert.ok((await givenBack(first)) >= 2));
  await first.stop("SIGKILL");
  await qrs.stop();
  const second = await startAlerter(t);
  await eventually(async () => assert.ok((await givenBack(second)) >= 1), { timeoutMs: 60_000 });
  run.becomes(8);
  await qrs.start();
  const { object } = await alertOf(run.executionId, 60_000);
  assert.equal(object.executionStatus, "FinishedFail");
  await eventually(async () => {
    const consumers = (await nats.stream("SENSE_EVENTS"))?.consumer_detail ?? [];
    assert.deepEqual(
      consumers.map(({ num_ack_pending }) => num_ack_pending),
      [0, 0],
    );
  });
  assert.equal(messagesOf(run.executionId).length, 2);
  await second.stop();
});

test("a distribution that has not ended after six hours is a dead letter, with a line in the log", async (t) => {
  const alerter = await startAlerter(t);
  const { taskId, name } = distribution(14);
  const { executionId } = startRun(taskId, name, 14);
  const event = {
    specversion: "1.0",
    id: `task.distributed:${taskId}:${executionId}`,
    source: "/udp-ingest/a",
    type: "sense.task.distributed",
    time: new Date(Date.now() - 6 * 3_600_000 - 1_000).toISOString(),
    datacontenttype: "application/json",
    data: {
      ...{ hostName: "h", user: "u", taskName: name, taskId, appName: "", appId: "", logTimeStamp: "", logLevel: "" },
      ...{ executionId, logMessage: "", userDirectory: "", userId: "", logTimeStampUtc: null },
      ...{ sourceAddress: "127.0.0.1", sourcePort: 1, wireFormat: "S5" },
    },
  };
  await publishNats(nats.port, [{ subject: "sense.task.distributed", payload: JSON.stringify(event) }]);
  await eventually(() => assert.ok(alerter.logs.some(({ reason }) => reason === "distribution-without-end")));
  const given = { end: "given-up" };
  assert.equal(await alerter.metric("sensealerts_alerter_distributions_followed_total", given), 1);
  assert.deepEqual(messagesOf(executionId), []);
  await alerter.stop();
});

test("without QRS a distribution is no alert, as ever", async (t) => {
  const alerter = await startService(t, "mqtt-alerter", env, { waitFor: "ready" });
  const run = distribution(8).run();
  await send(run.datagram);
  await sendAlert(ingest, subscriber);
  assert.deepEqual(messagesOf(run.executionId), []);
  await alerter.stop();
});
