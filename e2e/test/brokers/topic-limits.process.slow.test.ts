import assert from "node:assert/strict";
import { test } from "node:test";
import { awsIotCore, eventually, refuseTopics } from "@sense-alerts/test-kit";
import { allOnTime, isCalm, startAlerterTo, startAlertSource } from "../../src/brokers/alert-source.js";
import { startInTurns } from "../../src/brokers/ways.js";

const perTask = { TASK_FAILURE_TOPIC: "qliksense/a/b/c/d/{taskName}", TASK_FAILURE_SEND_FULL: "false" };
const soon = { MQTT_REFUSED_AFTER_MINUTES: "1", MQTT_PUBACK_TIMEOUT_SECONDS: "10" };
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

test("a topic that the broker cannot take becomes a dead letter, and no other alert waits", {
  concurrency: true,
}, async (t) => {
  // A NATS of its own for each: the names of the others would be too long there as well.
  const started = await startInTurns(limits, async ({ name, behaviour, env, ...fields }) => {
    const source = await startAlertSource(t);
    return { name, source, fields, alerter: await startAlerterTo(t, source, behaviour, { ...env, ...soon }) };
  });
  await Promise.all(
    started.map(({ name, source, fields, alerter }) =>
      t.test(name, async () => {
        await source.send(1, 1, fields);
        const others = await source.send(30, 3);
        await allOnTime(alerter, ({ taskName }) => `qliksense/a/b/c/d/${taskName}`, others);
        await eventually(
          async () => assert.equal(await alerter.alerter.metric(deadLetters, { reason: "topic-refused" }), 1),
          { timeoutMs: 180_000, intervalMs: 500, what: "the dead letter" },
        );
        isCalm(alerter);
      }),
    ),
  );
});
