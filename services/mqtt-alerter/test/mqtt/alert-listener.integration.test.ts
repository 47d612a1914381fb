import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { test } from "node:test";
import {
  cleanUpAfter,
  eventually,
  freeTcpPort,
  publishMqtt,
  type Scope,
  startMosquitto,
  startScriptedBroker,
} from "@sense-alerts/test-kit";
import { type HeardMessage, listenToAlerts } from "../../src/mqtt/alert-listener.js";
import type { MqttOptions } from "../../src/mqtt/mqtt-options.js";
import { mqttOptions } from "../fixtures/start-publisher.js";

async function listen(t: Scope, url: string, changes: Partial<MqttOptions> = {}) {
  const heard: HeardMessage[] = [];
  const listener = await listenToAlerts(mqttOptions(url, changes), "q/#", (message) => heard.push(message));
  cleanUpAfter(t, listener.close);
  return { heard, trouble: listener.trouble };
}

test("hears messages with their eventId, and none that was retained", async (t) => {
  const broker = await startMosquitto(t);
  await publishMqtt({ port: broker.port, topic: "q/old", payload: "old", retain: true });
  const { heard, trouble } = await listen(t, broker.url);
  await publishMqtt({
    port: broker.port,
    topic: "q/a",
    payload: "x",
    properties: { userProperties: { eventId: "1" } },
  });
  await eventually(() => assert.deepEqual(heard, [{ topic: "q/a", payload: "x", eventId: "1" }]));
  assert.equal(trouble(), undefined);
  await broker.stop();
  await eventually(() => assert.equal(trouble(), "the connection broke"));
});

for (const [what, answer] of [
  ["says that it knows no other", [0x20, 2, 0, 1]],
  ["closes without an answer", []],
] as const) {
  test(`speaks MQTT 3.1.1 to a broker that ${what}`, async (t) => {
    const broker = await startMosquitto(t);
    const { heard, trouble } = await listen(t, await startOldBroker(t, broker.port, answer));
    assert.equal(trouble(), undefined);
    await publishMqtt({ port: broker.port, topic: "q/a", payload: "x" });
    await eventually(() => assert.deepEqual(heard, [{ topic: "q/a", payload: "x", eventId: undefined }]));
  });
}

test("says why it cannot listen", async (t) => {
  const refusing = await startScriptedBroker(t, { onSubscribe: () => 0x87 });
  const loggedOut = await startScriptedBroker(t, { onConnect: () => ({ connack: 0x86 }) });
  const silent = await startScriptedBroker(t, { onConnect: () => "never" });
  const mute = await startScriptedBroker(t, { onConnect: () => "close" });
  for (const [url, why] of [
    [refusing.url, /does not let this user subscribe to q\/#/],
    [loggedOut.url, /refused user name or password/],
    [silent.url, /no answer to the attempt to connect/],
    [mute.url, /closed without an answer/],
    [`mqtt://127.0.0.1:${await freeTcpPort()}`, /nobody listens at that address/],
  ] as const) {
    assert.match((await listen(t, url)).trouble() ?? "", why);
  }
  assert.equal(mute.connects.length, 2); // MQTT 5, then 3.1.1
  assert.equal(loggedOut.connects.length, 1);
});

/** A broker that answers a CONNECT of MQTT 5 with these bytes and hangs up; any other goes to the one on `port`. */
async function startOldBroker(t: Scope, port: number, answer: readonly number[]): Promise<string> {
  const server = createServer((near) => {
    near.on("error", () => {});
    near.once("data", (connectPacket) => {
      if (connectPacket[connectPacket.indexOf("MQTT") + 4] === 5) {
        near.end(Buffer.from(answer));
        return;
      }
      const far = connect(port, "127.0.0.1");
      far.on("error", () => near.destroy());
      far.write(connectPacket);
      near.pipe(far).pipe(near);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUpAfter(t, () => void server.close());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the broker has no port");
  return `mqtt://127.0.0.1:${address.port}`;
}
