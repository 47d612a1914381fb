import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "@sense-alerts/test-kit";
import {
  basicTopic,
  fullTopic,
  isCalm,
  type ScriptedAlerter,
  type SentAlert,
  startAlerterTo,
  startAlertSource,
} from "../../src/brokers/alert-source.js";
import { short } from "../../src/drill.js";

async function eachExactlyOnce(
  { broker }: ScriptedAlerter,
  alerts: readonly SentAlert[],
  timeoutMs: number,
): Promise<void> {
  const wanted = alerts.map(({ taskName }) => taskName).toSorted();
  const on = (topic: string) => broker.publishes.filter((publish) => publish.topic === topic);
  const basics = () => on(basicTopic).map(({ text }) => text);
  const fulls = () => on(fullTopic).map(({ text }) => String(JSON.parse(text).taskName));
  await eventually(() => assert.ok(basics().length >= wanted.length && fulls().length >= wanted.length, "some miss"), {
    timeoutMs,
    intervalMs: 500,
    what: `${wanted.length} alerts`,
  });
  assert.deepEqual(basics().toSorted(), wanted);
  assert.deepEqual(fulls().toSorted(), wanted);
  assert.equal(broker.connects.length, 1, "the connection held");
}

test("a broker that takes 100 ms for each message gets each exactly once", async (t) => {
  const source = await startAlertSource(t);
  const env = { MQTT_PUBACK_TIMEOUT_SECONDS: "5" };
  const alerter = await startAlerterTo(t, source, { link: { perMessageMs: 100 } }, env);
  const alerts = await source.send(150, 1_000); // 30 seconds of work, so the last waits longer than the PUBACK timeout
  await eachExactlyOnce(alerter, alerts, 90_000);
  isCalm(alerter);
});

test("a link of 4 KB/s that answers everything late carries each alert exactly once", async (t) => {
  const source = await startAlertSource(t);
  const alerter = await startAlerterTo(t, source, { link: { bytesPerSecond: 4_000, answerAfterMs: 2_000 } });
  const alerts = await source.send(short(100, 1_000), 1_000);
  await eachExactlyOnce(alerter, alerts, short(120_000, 15 * 60_000));
  isCalm(alerter);
});
