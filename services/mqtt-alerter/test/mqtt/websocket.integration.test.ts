import assert from "node:assert/strict";
import { test } from "node:test";
import { cleanUpAfter, eventually, freeTcpPort, startMosquitto } from "@sense-alerts/test-kit";
import { mqttOptionsOf, readSettings } from "../../src/settings.js";
import { startRequestSubscription } from "../../src/task-start/request-subscription.js";
import { alertMessage, startPublisher } from "../fixtures/start-publisher.js";

/** A broker with a WebSocket listener on an address of this machine. */
async function startWebSocketBroker(t: Parameters<typeof startMosquitto>[0], address: string) {
  const port = await freeTcpPort();
  const listener = [`listener ${port} ${address}`, "protocol websockets", "allow_anonymous true"];
  const broker = await startMosquitto(t, { config: [...listener, "log_type all"].join("\n") });
  return { port, log: broker.log };
}

test("connects to a WebSocket at an IPv6 address", async (t) => {
  const { port } = await startWebSocketBroker(t, "::1");
  const { brokers } = mqttOptionsOf(readSettings({ MQTT_URL: `ws://[::1]:${port}/mqtt` }));
  const publisher = startPublisher(t, brokers[0].url);
  assert.deepEqual(await publisher.publish(alertMessage("a", "x")), { kind: "published" });
});

test("a client id in the query of MQTT_URL takes the place of none of ours", async (t) => {
  const { port, log } = await startWebSocketBroker(t, "127.0.0.1");
  const url = `ws://127.0.0.1:${port}/mqtt?clientId=theirs&token=a%20b`;
  const mqtt = mqttOptionsOf(readSettings({ MQTT_URL: url, MQTT_CLIENT_ID: "ours" }));
  const publisher = startPublisher(t, mqtt.brokers[0].url, { clientId: mqtt.clientId });
  let subscriptions = 0;
  const subscription = startRequestSubscription(
    { mqtt, topic: "q/start", lasting: false },
    { onRequest: async () => {}, onSubscribed: () => subscriptions++, onTrouble: () => {} },
  );
  cleanUpAfter(t, () => subscription.close(AbortSignal.timeout(500)));
  await eventually(() => assert.equal(subscriptions, 1));
  assert.deepEqual(await publisher.publish(alertMessage("a", "x")), { kind: "published" });
  const connected = Array.from(log().matchAll(/connected from \S+ as (\S+) /g), ([, clientId]) => clientId);
  assert.deepEqual(connected.toSorted(), ["ours", "ours-start"]);
});
