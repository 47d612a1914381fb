import assert from "node:assert/strict";
import { after, type TestContext, test } from "node:test";
import {
  type Environment,
  eventually,
  type Service,
  sendDatagrams,
  startService,
  type TaskDatagramFields,
  uniqueName,
} from "@sense-alerts/test-kit";
import { alertOf, messagesOf, newTask } from "../src/alerts.js";
import { startServers } from "../src/stack.js";

// One scope, so that services are stopped before the servers they talk to.
const file = { after };
const { nats, subscriber, env } = await startServers(file);
const ingest = await startService(file, "udp-ingest", { NATS_URL: nats.url }, { waitFor: "ready" });

function startAlerter(t: TestContext, own: Environment): Promise<Service> {
  return startService(t, "mqtt-alerter", { ...env, ...own }, { waitFor: "ready" });
}

const tags = {
  failed: "/scheduler-task-failed/",
  aborted: "/scheduler-task-aborted/",
  succeeded: "/scheduler-task-success//",
};
type Kind = keyof typeof tags;
const kinds = ["failed", "aborted", "succeeded"] as const;

/** Sends one task of each kind, waits until all is through, and gives the topics on which each was told, in order. */
async function topicsOf(fields: Partial<TaskDatagramFields> = {}): Promise<Record<Kind, string[]>> {
  const prefix = fields.taskName ?? uniqueName("task");
  const tasks = kinds.map((kind) => ({
    kind,
    ...newTask({ ...fields, tag: tags[kind], taskName: `${prefix} ${kind}` }),
  }));
  const last = newTask({ taskName: `${prefix} last` });
  await sendDatagrams(
    await ingest.udpPort(),
    [...tasks, last].map(({ datagram }) => datagram),
  );
  // Messages go out in the order of the events: what has not come before the last one's does not come.
  await eventually(() => assert.ok(messagesOf(subscriber, last.taskName).length > 0));
  const topics = tasks.map(({ kind, taskName }) => [kind, messagesOf(subscriber, taskName).map(({ topic }) => topic)]);
  return Object.fromEntries(topics);
}

const switches = [
  {
    what: "with none of the topic settings failed and aborted tasks are told twice, succeeded ones not at all",
    env: {},
    failed: ["qliksense/task_failure", "qliksense/task_failure_full"],
    aborted: ["qliksense/task_aborted", "qliksense/task_aborted_full"],
    succeeded: [],
  },
  {
    what: "TASK_FAILURE_SEND_FULL=false and TASK_ABORTED_SEND_FULL=false leave the basic messages",
    env: {
      TASK_FAILURE_SEND_FULL: "false",
      TASK_ABORTED_SEND_FULL: "no",
      TASK_SUCCESS_TOPIC: "qliksense/task_success",
    },
    failed: ["qliksense/task_failure"],
    aborted: ["qliksense/task_aborted"],
    succeeded: ["qliksense/task_success"],
  },
  {
    what: "TASK_SUCCESS_TOPIC empty and TASK_SUCCESS_SEND_FULL=true send the full message alone",
    env: { TASK_SUCCESS_TOPIC: "", TASK_SUCCESS_SEND_FULL: "true", TASK_FAILURE_SEND_FULL: "0" },
    failed: ["qliksense/task_failure"],
    aborted: ["qliksense/task_aborted", "qliksense/task_aborted_full"],
    succeeded: ["qliksense/task_success_full"],
  },
  {
    what: "every topic is where it was set to",
    env: {
      TASK_FAILURE_TOPIC: "acme/f",
      TASK_FAILURE_FULL_TOPIC: "acme/f/full",
      TASK_ABORTED_TOPIC: "acme/a",
      TASK_ABORTED_FULL_TOPIC: "acme/ä/full",
      TASK_SUCCESS_TOPIC: "/acme//s",
      TASK_SUCCESS_SEND_FULL: "on",
      TASK_SUCCESS_FULL_TOPIC: "acme/s with blanks/full",
    },
    failed: ["acme/f", "acme/f/full"],
    aborted: ["acme/a", "acme/ä/full"],
    succeeded: ["/acme//s", "acme/s with blanks/full"],
  },
];
for (const { what, env: own, ...expected } of switches) {
  test(what, async (t) => {
    await startAlerter(t, own);
    assert.deepEqual(await topicsOf(), expected);
  });
}

test("placeholders in every task topic are filled in, and / + # of a value become _", async (t) => {
  await startAlerter(t, {
    TASK_FAILURE_TOPIC: "q/{taskName}/failed",
    TASK_FAILURE_FULL_TOPIC: "q/{hostName}/{appName}/full",
    TASK_ABORTED_TOPIC: "q/{taskId}{appId}",
    TASK_ABORTED_FULL_TOPIC: "q/aborted/{executionId}",
    TASK_SUCCESS_TOPIC: "{appName}:{taskName}/q",
    TASK_SUCCESS_SEND_FULL: "true",
    TASK_SUCCESS_FULL_TOPIC: "q/{appName}",
  });
  const [taskId, appId, executionId] = [
    "5a4d2f0e-6f0b-4b1c-9d35-0f6f3c8f7a11",
    "c6a3be54-31d4-4b9f-8a33-1a0a5c9d4e22",
    "77777777-52bb-4dd0-a2c1-7d3b6f1e8c33",
  ];
  const names = { taskName: "Sales/EMEA + #1 {x} $2", appName: "a+b/ö", hostName: "sense#1" };
  assert.deepEqual(await topicsOf({ ...names, taskId, appId, executionId }), {
    failed: ["q/Sales_EMEA _ _1 {x} $2 failed/failed", "q/sense_1/a_b_ö/full"],
    aborted: [`q/${taskId}${appId}`, `q/aborted/${executionId}`],
    succeeded: ["a_b_ö:Sales_EMEA _ _1 {x} $2 succeeded/q", "q/a_b_ö"],
  });
});

test("an absent value leaves its placeholder's level empty", async (t) => {
  await startAlerter(t, { TASK_FAILURE_TOPIC: "q/{executionId}/failed" });
  const { taskName, datagram } = newTask({ executionId: "(null)" });
  await sendDatagrams(await ingest.udpPort(), [datagram]);
  const { basic, object } = await alertOf(subscriber, taskName);
  assert.equal(basic.topic, "q//failed");
  assert.equal(object["executionId"], "");
});

test("TASK_FAILURE_SERVER_STATUS_TOPIC tells start, error and stop of UDP servers", async (t) => {
  const topic = "acme/udp-server";
  await startAlerter(t, { TASK_FAILURE_SERVER_STATUS_TOPIC: topic });
  const said = () => subscriber.messages.filter((message) => message.topic === topic).map(({ text }) => text);
  const first = await startService(t, "udp-ingest", { NATS_URL: nats.url });
  await eventually(() => assert.deepEqual(said(), ["start"]));
  const taken = { NATS_URL: nats.url, UDP_PORT: String(await first.udpPort()) };
  const second = await startService(t, "udp-ingest", taken);
  await eventually(() => assert.deepEqual(said().slice(0, 2), ["start", "error"]));
  await second.stop("SIGKILL");
  await first.stop();
  await eventually(() => assert.equal(said().at(-1), "stop"));
});
