import { test } from "node:test";
import { refuseTopics } from "@sense-alerts/test-kit";
import {
  allOnTime,
  basicTopic,
  fullTopic,
  isCalm,
  startAlerterTo,
  startAlertSource,
} from "../../src/brokers/alert-source.js";
import { inEachWay, mqtt311, type Way } from "../../src/brokers/ways.js";

const full = /_full$/;
const ways: readonly Way[] = [
  { name: "PUBACK with not authorized (0x87)", behaviour: { onPublish: refuseTopics(full, { puback: 0x87 }) } },
  { name: "PUBACK with topic name invalid (0x90)", behaviour: { onPublish: refuseTopics(full, { puback: 0x90 }) } },
  { name: "PUBACK with quota exceeded (0x97)", behaviour: { onPublish: refuseTopics(full, { puback: 0x97 }) } },
  { name: "DISCONNECT with not authorized (0x87)", behaviour: { onPublish: refuseTopics(full, { disconnect: 0x87 }) } },
  { name: "closed connection", behaviour: { onPublish: refuseTopics(full, "close") } },
  { name: "closed connection in MQTT 3.1.1", behaviour: { onPublish: refuseTopics(full, "close") }, env: mqtt311 },
  { name: "no PUBACK", behaviour: { onPublish: refuseTopics(full, "never") } },
  { name: "no PUBACK in MQTT 3.1.1", behaviour: { onPublish: refuseTopics(full, "never") }, env: mqtt311 },
];

test("a refused full topic delays no basic alert", { concurrency: true }, async (t) => {
  await inEachWay(t, ways, {}, async (alerter, alerts) => {
    await allOnTime(alerter, basicTopic, alerts);
    isCalm(alerter);
  });
});

test("a full topic that is allowed again gets its messages", async (t) => {
  const source = await startAlertSource(t);
  const alerter = await startAlerterTo(t, source, { onPublish: refuseTopics(full, { puback: 0x87 }) });
  const alerts = await source.send(10, 5);
  await allOnTime(alerter, basicTopic, alerts);
  alerter.broker.behave({});
  await allOnTime(alerter, fullTopic, alerts, 75_000); // the pause between two tries grows to a minute
  isCalm(alerter);
});
