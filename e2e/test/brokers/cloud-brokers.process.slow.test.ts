import { test } from "node:test";
import { awsIotCore, azureEventGrid, emqxDenyDisconnect, verneMq } from "@sense-alerts/test-kit";
import { allOnTime, basicTopic, isCalm } from "../../src/brokers/alert-source.js";
import { inEachWay, mqtt311, type Way } from "../../src/brokers/ways.js";

const forbidden = /_full$/;
const ways: readonly Way[] = [
  { name: "AWS IoT Core", behaviour: awsIotCore({ forbidden }) },
  { name: "AWS IoT Core with MQTT 3.1.1", behaviour: awsIotCore({ forbidden }), env: mqtt311 },
  { name: "Azure Event Grid without retained messages", behaviour: azureEventGrid({ forbidden }) },
  { name: "EMQX with deny_action=disconnect", behaviour: emqxDenyDisconnect({ forbidden }) },
  { name: "VerneMQ", behaviour: verneMq({ forbidden }) },
  { name: "VerneMQ with MQTT 3.1.1", behaviour: verneMq({ forbidden }), env: mqtt311 },
];

test("alerts reach brokers with the documented limits of cloud services", { concurrency: true }, async (t) => {
  await inEachWay(t, ways, {}, async (alerter, alerts) => {
    await allOnTime(alerter, basicTopic, alerts);
    isCalm(alerter);
  });
});
