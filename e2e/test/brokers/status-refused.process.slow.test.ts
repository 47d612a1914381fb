import { test } from "node:test";
import { type BrokerBehaviour, refuseRetained, refuseTopics, refuseWill } from "@sense-alerts/test-kit";
import { allOnTime, basicTopic, fullTopic, isCalm } from "../../src/brokers/alert-source.js";
import { inEachWay, mqtt311, type Way } from "../../src/brokers/ways.js";

const status = /\/status$/;
const closesOnWill: BrokerBehaviour = { onConnect: refuseWill("close") };
const closesOnStatus: BrokerBehaviour = { onPublish: refuseTopics(status, "close") };

const ways: readonly Way[] = [
  { name: "will: CONNACK with not authorized (0x87)", behaviour: { onConnect: refuseWill({ connack: 0x87 }) } },
  { name: "will: CONNACK with retain not supported (0x9A)", behaviour: { onConnect: refuseWill({ connack: 0x9a }) } },
  { name: "will: CONNACK with QoS not supported (0x9B)", behaviour: { onConnect: refuseWill({ connack: 0x9b }) } },
  // ejabberd 23.01, where the user may not publish to the topic of the will.
  { name: "will: CONNACK with topic name invalid (0x90)", behaviour: { onConnect: refuseWill({ connack: 0x90 }) } },
  { name: "will: closed connection without a CONNACK", behaviour: closesOnWill },
  { name: "will: closed connection in MQTT 3.1.1", behaviour: closesOnWill, env: mqtt311 },
  { name: "will: return code 5 in MQTT 3.1.1", behaviour: { onConnect: refuseWill({ connack: 0x87 }) }, env: mqtt311 },
  {
    name: "status: PUBACK with not authorized (0x87)",
    behaviour: { onPublish: refuseTopics(status, { puback: 0x87 }) },
  },
  { name: "status: DISCONNECT (0x87)", behaviour: { onPublish: refuseTopics(status, { disconnect: 0x87 }) } },
  { name: "status: retain not supported (0x9A)", behaviour: { onPublish: refuseRetained({ disconnect: 0x9a }) } },
  { name: "status: closed connection", behaviour: closesOnStatus },
  { name: "status: closed connection in MQTT 3.1.1", behaviour: closesOnStatus, env: mqtt311 },
  { name: "status: no PUBACK", behaviour: { onPublish: refuseTopics(status, "never") } },
  {
    name: "will and status: closed connection in MQTT 3.1.1",
    behaviour: { ...closesOnWill, ...closesOnStatus },
    env: mqtt311,
  },
];

test("a refused status topic or last will delays no alert", { concurrency: true }, async (t) => {
  await inEachWay(t, ways, {}, async (alerter, alerts) => {
    await allOnTime(alerter, basicTopic, alerts);
    await allOnTime(alerter, fullTopic, alerts);
    await alerter.alerter.ready();
    isCalm(alerter);
  });
});
