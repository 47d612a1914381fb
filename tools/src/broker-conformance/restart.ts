import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { eventually, type Service } from "@sense-alerts/test-kit";
import type { StartedBroker } from "./broker-source.js";
import { eachAtLeastOnce } from "./delivery.js";
import { type Stage, topicsOf } from "./stage.js";
import type { Watcher } from "./watcher.js";

const count = 1_000;
const published = "sensealerts_alerter_messages_published_total";

/**
 * The broker is killed in the middle of 1,000 alerts and started again; resolves with the number of repeated messages.
 */
export async function survivesRestart(
  broker: StartedBroker,
  forgetsAtRestart: boolean,
  alerter: Service,
  stage: Stage,
  watcher: Watcher,
): Promise<string> {
  const topics = topicsOf("plain");
  const before = await publishedBy(alerter);
  const sending = stage.send(count, 500);
  await delay(count);
  await broker.kill();
  await broker.startAgain();
  const tasks = await sending;
  await eventually(
    async () => {
      const acknowledged = (await publishedBy(alerter)) - before;
      assert.ok(acknowledged >= 2 * count, `${acknowledged} of ${2 * count} messages have a PUBACK`);
    },
    { timeoutMs: 60_000, intervalMs: 200, what: "a PUBACK for each message" },
  );
  // What it acknowledged before the kill, and what came before its subscriber was back, is gone with its memory.
  if (forgetsAtRestart) return "all have a PUBACK";
  await eachAtLeastOnce(watcher, topics, tasks, 20_000);
  const messages = [topics.basic, topics.full].flatMap((topic) => [...watcher.tasksOn(topic)]);
  const repeats = messages.filter(([task]) => tasks.includes(task)).reduce((sum, [, times]) => sum + times - 1, 0);
  assert.ok(repeats <= 512, `${repeats} messages came more than once`); // MQTT_MAX_INFLIGHT, for each kind
  return `${repeats} repeats`;
}

async function publishedBy(alerter: Service): Promise<number> {
  const labels = ["basic", "full"].map((kind) => ({ type: "sense.task.failed", kind }));
  const counts = await Promise.all(labels.map((label) => alerter.metric(published, label)));
  return counts.reduce((sum, number) => sum + number, 0);
}
