import assert from "node:assert/strict";
import { test } from "node:test";
import { malformPubacks, refuseMqtt5 } from "@sense-alerts/test-kit";
import {
  allOnTime,
  basicTopic,
  fullTopic,
  isCalm,
  startAlerterTo,
  startAlertSource,
} from "../../src/brokers/alert-source.js";
import { inEachWay, type Way } from "../../src/brokers/ways.js";

const ways: readonly Way[] = [
  { name: "return code 1", behaviour: { onConnect: refuseMqtt5({ connack: 1 }) } },
  { name: "unsupported protocol version (0x84)", behaviour: { onConnect: refuseMqtt5({ connack: 0x84 }) } },
  { name: "closed connection", behaviour: { onConnect: refuseMqtt5("close") } },
  { name: "no answer to the CONNECT", behaviour: { onConnect: refuseMqtt5("never") } },
  { name: "a malformed PUBACK to each publish", behaviour: { onPublish: malformPubacks() } },
];

test("MQTT_PROTOCOL_VERSION=auto finds a broker's protocol version", { concurrency: true }, async (t) => {
  const env = { MQTT_PROTOCOL_VERSION: "auto" };
  const latestMs = 60_000; // a broker that does not answer is given time
  await inEachWay(t, ways, { env, alerts: 20, perSecond: 4 }, async (alerter, alerts) => {
    const { broker } = alerter;
    await allOnTime(alerter, basicTopic, alerts, latestMs);
    await allOnTime(alerter, fullTopic, alerts, latestMs);
    assert.equal(broker.connects[0]?.protocolVersion, 5, "5 is tried first");
    assert.equal(broker.connects.at(-1)?.protocolVersion, 4);
    isCalm(alerter);
  });
});

test("an outage never changes the protocol version that has worked", async (t) => {
  const source = await startAlertSource(t);
  const alerter = await startAlerterTo(t, source, {}, { MQTT_PROTOCOL_VERSION: "auto" });
  const { broker } = alerter;
  await allOnTime(alerter, basicTopic, await source.send(5, 5));
  broker.behave({ onConnect: () => "close" });
  broker.cut();
  const during = await source.send(15, 1);
  broker.behave({});
  await allOnTime(alerter, basicTopic, during, 60_000);
  assert.deepEqual([...new Set(broker.connects.map(({ protocolVersion }) => protocolVersion))], [5]);
  isCalm(alerter);
});
