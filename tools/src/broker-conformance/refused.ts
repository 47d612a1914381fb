import assert from "node:assert/strict";
import { type MqttProxy, type Scope, type Service, startMqttProxy } from "@sense-alerts/test-kit";
import type { Checklist } from "./check.js";
import { eachAtLeastOnce, isCalm } from "./delivery.js";
import type { Instances } from "./instances.js";
import { type Stage, topicsOf } from "./stage.js";
import { startWatcher, type Watcher } from "./watcher.js";

/** How late an alert may be because of a topic that the broker refuses. */
const latestMs = 10_000;

export interface Refused {
  readonly watcher: Watcher;
  readonly topic: { readonly alerter: Service; readonly proxy: MqttProxy };
  readonly status: { readonly alerter: Service; readonly proxy: MqttProxy };
}

export async function startRefused(
  scope: Scope,
  stage: Stage,
  broker: NonNullable<Instances["restricted"]>,
): Promise<Refused> {
  const watcher = await startWatcher(scope, { url: broker.mqtt311Url ?? broker.mqttUrl, login: broker.admin });
  const start = async (name: string) => {
    const proxy = await startMqttProxy(scope, Number(new URL(broker.mqttUrl).port));
    return { proxy, alerter: await stage.alerter(name, proxy.url, broker.alerter) };
  };
  return { watcher, topic: await start("refused-topic"), status: await start("refused-status") };
}

/** To be called when the last of the tasks has been sent. */
export async function checkRefused(
  run: Checklist["run"],
  { watcher, topic, status }: Refused,
  tasks: readonly string[],
): Promise<void> {
  await run("refused topic", async () => {
    const topics = topicsOf("refused-topic");
    await eachAtLeastOnce(watcher, topics, tasks, latestMs, ["basic"]);
    assert.equal(watcher.tasksOn(topics.full).size, 0, "the broker took a forbidden topic");
    isCalm(topic.proxy);
  });
  await run("refused status", async () => {
    await eachAtLeastOnce(watcher, topicsOf("refused-status"), tasks, latestMs);
    isCalm(status.proxy);
  });
  await Promise.all([topic.alerter.stop(), status.alerter.stop()]);
}
