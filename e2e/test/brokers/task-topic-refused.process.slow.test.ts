import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, type PublishAnswer, refuseTopics } from "@sense-alerts/test-kit";
import { allOnTime, isCalm, startAlerterTo, startAlertSource } from "../../src/brokers/alert-source.js";
import { mqtt311, startInTurns } from "../../src/brokers/ways.js";

const perTask = {
  TASK_FAILURE_TOPIC: "qliksense/failed/{taskName}",
  TASK_FAILURE_FULL_TOPIC: "qliksense/failed/{taskName}/full",
};
const soon = { MQTT_REFUSED_AFTER_MINUTES: "1", MQTT_PUBACK_TIMEOUT_SECONDS: "10" };
const deadLetters = "sensealerts_alerter_dead_letters_total";

const ways: readonly { name: string; answer: PublishAnswer; reason: string; env?: Record<string, string> }[] = [
  { name: "PUBACK with not authorized", answer: { puback: 0x87 }, reason: "topic-refused" },
  { name: "DISCONNECT with not authorized", answer: { disconnect: 0x87 }, reason: "topic-refused" },
  { name: "closed connection", answer: "close", reason: "topic-refused" },
  { name: "closed connection in MQTT 3.1.1", answer: "close", reason: "topic-refused", env: mqtt311 },
  { name: "no PUBACK", answer: "never", reason: "no-answer" },
];

test("one task's refused topic delays no other alert, and its messages become dead letters", {
  concurrency: true,
}, async (t) => {
  const source = await startAlertSource(t);
  const started = await startInTurns(ways, async ({ answer, env, ...way }) => ({
    ...way,
    alerter: await startAlerterTo(
      t,
      source,
      { onPublish: refuseTopics(/\/forbidden/, answer) },
      { ...perTask, ...soon, ...env },
    ),
  }));
  const [others] = await Promise.all([source.send(60, 3), source.send(4, 0.5, { taskName: "forbidden" })]);
  await Promise.all(
    started.map(({ name, reason, alerter }) =>
      t.test(name, async () => {
        await allOnTime(alerter, ({ taskName }) => `qliksense/failed/${taskName}`, others);
        await allOnTime(alerter, ({ taskName }) => `qliksense/failed/${taskName}/full`, others);
        await eventually(
          async () => assert.equal(await alerter.alerter.metric(deadLetters, { reason }), 8, "4 basic and 4 full"),
          { timeoutMs: 180_000, intervalMs: 500, what: "the dead letters" },
        );
        // Basic messages of one task in MQTT 3.1.1 have nothing that tells them apart.
        isCalm(alerter, name.endsWith("3.1.1") ? /forbidden$/ : undefined);
      }),
    ),
  );
});
