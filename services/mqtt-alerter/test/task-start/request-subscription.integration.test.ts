import assert from "node:assert/strict";
import { test } from "node:test";
import {
  cleanUpAfter,
  eventually,
  publishMqtt,
  type Scope,
  startMosquitto,
  startScriptedBroker,
} from "@sense-alerts/test-kit";
import { startRequestSubscription } from "../../src/task-start/request-subscription.js";
import type { IncomingRequest } from "../../src/task-start/start-request.js";
import { mqttOptions } from "../fixtures/start-publisher.js";

const topic = "q/start";
const shared = `$share/mqtt-alerter/${topic}`;

function listen(t: Scope, url: string, onRequest: (incoming: IncomingRequest) => Promise<void>, version: 4 | 5 = 5) {
  const subscribed: boolean[] = [];
  const troubles: string[] = [];
  const subscription = startRequestSubscription(
    { mqtt: mqttOptions(url, { protocolVersion: version }), topic, lasting: false },
    {
      onRequest,
      onSubscribed: (isShared) => subscribed.push(isShared),
      onTrouble: (reason) => troubles.push(reason),
    },
  );
  cleanUpAfter(t, () => subscription.close(AbortSignal.timeout(500)));
  return { subscription, subscribed, troubles };
}

for (const [what, script, filters] of [
  ["shares the topic and listens beside it", {}, [`${shared} 1`, `${topic} 0`]],
  [
    "does not ask for a share that CONNACK rules out",
    { announces: { sharedSubscriptionAvailable: false } },
    [`${topic} 1`],
  ],
  ...[0x9e, 0x80, 0x8f].map(
    (code) =>
      [
        `listens plainly when the share is refused with 0x${code.toString(16)}`,
        { onSubscribe: (filter: string, qos: number) => (filter === shared ? code : qos) },
        [`${shared} 1`, `${topic} 1`],
      ] as const,
  ),
] as const) {
  test(what, async (t) => {
    const broker = await startScriptedBroker(t, script);
    const { subscribed, subscription } = listen(t, broker.url, async () => {});
    await eventually(() => assert.equal(subscribed.length, 1));
    assert.deepEqual(broker.subscriptions, filters);
    assert.equal(subscription.state().up, true);
  });
}

test("is not up while the broker refuses the topic, and says so", async (t) => {
  const broker = await startScriptedBroker(t, { onSubscribe: () => 0x87 });
  const { subscription, troubles } = listen(t, broker.url, async () => {});
  await eventually(() => assert.match(troubles.join(), /cannot be subscribed to \(check the broker's access rules\)/));
  assert.equal(subscription.state().up, false);
});

test("acknowledges a request when it is taken, and not before", async (t) => {
  const broker = await startScriptedBroker(t);
  const taken: (() => void)[] = [];
  const { subscribed } = listen(t, broker.url, () => new Promise((resolve) => taken.push(resolve)));
  await eventually(() => assert.equal(subscribed.length, 1));
  broker.deliver(topic, topic, "x");
  await eventually(() => assert.equal(taken.length, 1));
  assert.deepEqual(broker.acknowledged, []);
  taken[0]?.();
  await eventually(() => assert.deepEqual(broker.acknowledged, [1]));
});

test("gives what came with a request", async (t) => {
  const broker = await startMosquitto(t);
  const received: IncomingRequest[] = [];
  const { subscribed } = listen(t, broker.url, async (incoming) => void received.push(incoming));
  await eventually(() => assert.deepEqual(subscribed, [true]));
  const properties = { responseTopic: "a/b", correlationData: "c", userProperties: { who: "Åsa" } };
  await publishMqtt({ port: broker.port, topic, payload: "x", properties });
  await eventually(() => assert.equal(received.length, 2, "by the share and beside it"));
  for (const { payload, responseTopic, correlationData, userProperties, retained } of received) {
    assert.deepEqual([String(payload), responseTopic, String(correlationData), retained], ["x", "a/b", "c", false]);
    assert.deepEqual(userProperties, [["who", "Åsa"]]);
  }
});
