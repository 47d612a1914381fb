import assert from "node:assert/strict";
import { eventually, type Scope, startMqttProxy } from "@sense-alerts/test-kit";
import type { BrokerSource } from "./broker-source.js";
import { type Checklist, createChecklist } from "./check.js";
import { eachExactlyOnce, isCalm } from "./delivery.js";
import { receiveMax, startInstances } from "./instances.js";
import { checkRefused, startRefused } from "./refused.js";
import { survivesRestart } from "./restart.js";
import { startStage, topicsOf } from "./stage.js";
import { startsEachTaskOnce } from "./start-task.js";
import { hasRetained, refusesWrongPassword } from "./status-checks.js";
import { startWatcher } from "./watcher.js";

export interface BrokerRun {
  readonly version: string;
  readonly results: Checklist["results"];
}

/** All checks against one broker, in the order of a life: connect, deliver, be refused, see a restart, be killed. */
export async function runBroker(scope: Scope, source: BrokerSource): Promise<BrokerRun> {
  const { run, results } = createChecklist(source.name);
  const { main, tls, restricted } = await startInstances(scope, source);
  const stage = await startStage(scope);
  const watcher = await startWatcher(scope, { url: main.mqtt311Url ?? main.mqttUrl, login: main.admin });
  const tlsWatcher =
    tls === undefined || tls === main
      ? watcher
      : await startWatcher(scope, { url: tls.mqttsUrl, login: tls.admin, caFile: tls.caFile });
  const proxy = await startMqttProxy(scope, Number(new URL(main.mqttUrl).port));

  const plain = await stage.alerter("plain", proxy.url, main.alerter);
  const overTls =
    tls && (await stage.alerter("tls", tls.mqttsUrl, tls.alerter, { MQTT_TLS_CA_FILE: tls.caFile ?? "" }));
  const overWs = main.wsUrl === undefined ? undefined : await stage.alerter("ws", main.wsUrl, main.alerter);
  const refused = restricted && (await startRefused(scope, stage, restricted));

  await run("connect", async () => {
    await plain.ready(40_000);
    return proxy.connects.at(-1)?.protocolVersion === 5 ? "5" : "3.1.1";
  });
  const speaks5 = () => proxy.connects.at(-1)?.protocolVersion === 5;
  if (main.alerter !== undefined) await run("login", () => refusesWrongPassword(stage, main));
  await run("retained status", () => hasRetained(main, topicsOf("plain").status, "online"));

  const tasks = await stage.send(200, 100);
  await run("alerts", async () => {
    await eachExactlyOnce(watcher, topicsOf("plain"), tasks, 60_000);
    isCalm(proxy);
  });
  if (refused !== undefined) await checkRefused(run, refused, tasks);
  if (overTls !== undefined) await run("TLS", () => eachExactlyOnce(tlsWatcher, topicsOf("tls"), tasks, 30_000));
  if (overWs !== undefined) await run("WebSocket", () => eachExactlyOnce(watcher, topicsOf("ws"), tasks, 30_000));
  if (source.can.has("receive-max") && speaks5())
    await run("Receive Maximum", async () => {
      assert.equal(proxy.receiveMaximum(), receiveMax, "the broker does not announce it");
      assert.ok(proxy.mostInFlight() <= receiveMax, `${proxy.mostInFlight()} messages in flight`);
      return `${proxy.mostInFlight()} of ${receiveMax}`;
    });
  await Promise.all([overTls?.stop(), overWs?.stop()]);

  if (source.speaksMqtt5)
    await run("start, shared", () => startsEachTaskOnce(stage, watcher, main.mqttUrl, main.alerter, {}));
  const mqtt311 = { MQTT_PROTOCOL_VERSION: "4" };
  const mqtt311Url = main.mqtt311Url ?? main.mqttUrl;
  await run("start, plain", () => startsEachTaskOnce(stage, watcher, mqtt311Url, main.alerter, mqtt311));
  await run("restart", () => survivesRestart(main, source.forgetsAtRestart, plain, stage, watcher));
  await run("last will", async () => {
    await plain.stop("SIGKILL");
    const { status } = topicsOf("plain");
    const isGone = () => watcher.messages.some(({ topic, text }) => topic === status && text === "offline");
    await eventually(() => assert.ok(isGone(), "no last will"), { timeoutMs: 30_000 });
    await hasRetained(main, status, "offline");
  });
  return { version: main.version, results };
}
