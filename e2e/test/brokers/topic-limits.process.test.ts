import assert from "node:assert/strict";
import { test } from "node:test";
import { awsIotCore, eventually, refuseTopics } from "@sense-alerts/test-kit";
import { allOnTime, isCalm, startAlerterTo, startAlertSource } from "../../src/brokers/alert-source.js";

const perTask = { TASK_FAILURE_TOPIC: "qliksense/a/b/c/d/{taskName}", TASK_FAILURE_SEND_FULL: "false" };
const soon = { MQTT_REFUSED_AFTER_MINUTES: "0.2", MQTT_PUBACK_TIMEOUT_SECONDS: "10" };
const deadLetters = "sensealerts_alerter_dead_letters_total";

const limits = [
  {
    name: "a topic of more than 256 bytes, on AWS IoT Core",
    behaviour: awsIotCore(),
    taskName: "långt namn ".repeat(30).trim(),
    env: perTask,
  },
  {
    name: "a topic of more than 8 levels, on AWS IoT Core",
    behaviour: awsIotCore(),
    taskName: "deep",
    env: { ...perTask, TASK_ABORTED_TOPIC: "1/2/3/4/5/6/7/8/{taskName}", TASK_ABORTED_SEND_FULL: "false" },
    tag: "/scheduler-reload-aborted/",
  },
  {
    name: "a topic with a space, on NATS' MQTT listener",
    behaviour: { onPublish: refuseTopics(/ /, "close") },
    taskName: "with a space",
    env: perTask,
  },
];

for (const { name, behaviour, taskName, env, ...fields } of limits) {
  test(`${name}: the message becomes a dead letter, and no other waits`, async (t) => {
    const source = await startAlertSource(t);
    const alerter = await startAlerterTo(t, source, behaviour, { ...env, ...soon });
    await source.send(1, 1, { taskName, ...fields });
    const others = await source.send(30, 3);
    await allOnTime(alerter, ({ taskName }) => `qliksense/a/b/c/d/${taskName}`, others);
    await eventually(
      async () => assert.equal(await alerter.alerter.metric(deadLetters, { reason: "topic-refused" }), 1),
      { timeoutMs: 120_000, intervalMs: 500, what: "the dead letter" },
    );
    isCalm(alerter);
  });
}
