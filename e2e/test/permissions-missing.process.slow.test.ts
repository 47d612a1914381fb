import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import {
  eventually,
  publishMqtt,
  type Service,
  sendDatagram,
  startMosquitto,
  startNats,
  startQrs,
  startService,
  tempDir,
} from "@sense-alerts/test-kit";
import { newTask } from "../src/alerts.js";
import { askNats } from "../src/ask-nats.js";
import { securityBlock } from "../src/security-page.js";

// One scope, so that services are stopped before the servers they talk to.
const file = { after };
const permissions = securityBlock("nats-server permissions");
Object.assign(process.env, {
  UDP_INGEST_PASSWORD: "ingest-pw",
  MQTT_ALERTER_PASSWORD: "alerter-pw",
  DEAD_LETTERS_PASSWORD: "person-pw",
});
const broker = await startMosquitto(file);

/** The block of docs/security.md, with a subject that nobody uses in place of this one, in the part of this user. */
function without(user: string, subject: string): string {
  const start = permissions.indexOf(`user: ${user}`);
  const part = permissions.slice(start);
  assert.ok(start > 0 && part.includes(`"${subject}"`), `${user} has no ${subject}`);
  return permissions.slice(0, start) + part.replace(`"${subject}"`, '"not.this.one"');
}

function linesThatSay(service: Service, reason: string): number {
  return service.logs.filter((line) => line["reason"] === reason).length;
}

const rejected = "/no-such-tag/;a;b";
const alert = newTask().datagram;
for (const [subject, missing, datagram, attempts] of [
  ["sense.task.*", "publish sense.task.failed", alert, 1],
  ["sense.rejected", "publish sense.rejected", rejected, 1],
  ["_INBOX.udp-ingest.>", "subscribe _INBOX.udp-ingest.>", alert, 3],
  ["$JS.API.STREAM.INFO.SENSE_EVENTS", "publish $JS.API.STREAM.INFO.SENSE_EVENTS", alert, 3],
  ["$JS.API.STREAM.CREATE.SENSE_REJECTED", "publish $JS.API.STREAM.CREATE.SENSE_REJECTED", alert, 3],
] as const) {
  test(`udp-ingest says once that it may not ${missing}, and keeps on`, async (t) => {
    const nats = await startNats(t, { config: without("udp-ingest", subject) });
    const login = { NATS_URL: nats.url, NATS_USER: "udp-ingest", NATS_PASSWORD: "ingest-pw" };
    const ingest = await startService(
      t,
      "udp-ingest",
      { ...login, SHUTDOWN_TIMEOUT_SECONDS: "1" },
      { waitFor: "ready" },
    );
    await sendDatagram(await ingest.udpPort(), datagram);
    await saysOnce(ingest, missing, () => nats.log(), attempts);
  });
}

for (const [subject, missing, attempts] of [
  ["sense.dead-letter", "publish sense.dead-letter", 1],
  ["$JS.ACK.SENSE_EVENTS.mqtt-alerter-basic.>", "publish $JS.ACK.SENSE_EVENTS.mqtt-alerter-basic.>", 1],
  [
    "$JS.API.CONSUMER.MSG.NEXT.SENSE_EVENTS.mqtt-alerter-basic",
    "publish $JS.API.CONSUMER.MSG.NEXT.SENSE_EVENTS.mqtt-alerter-basic",
    1,
  ],
  [
    "$JS.API.CONSUMER.INFO.SENSE_EVENTS.mqtt-alerter-basic",
    "publish $JS.API.CONSUMER.INFO.SENSE_EVENTS.mqtt-alerter-basic",
    3,
  ],
  [
    "$JS.API.CONSUMER.CREATE.SENSE_EVENTS.mqtt-alerter-basic",
    "publish $JS.API.CONSUMER.CREATE.SENSE_EVENTS.mqtt-alerter-basic",
    3,
  ],
  ["_INBOX.mqtt-alerter.>", "subscribe _INBOX.mqtt-alerter.>", 3],
] as const) {
  test(`mqtt-alerter says once that it may not ${missing}, and keeps on`, async (t) => {
    const nats = await startNats(t, { config: without("mqtt-alerter", subject) });
    const login = { NATS_URL: nats.url, NATS_USER: "mqtt-alerter", NATS_PASSWORD: "alerter-pw" };
    const env = { ...login, MQTT_URL: broker.url, SHUTDOWN_TIMEOUT_SECONDS: "1" };
    const alerter = await startService(t, "mqtt-alerter", env, { waitFor: "http" });
    await eventually(async () => {
      // What is no event becomes a dead letter, and is acknowledged then. Without the stream it would be gone.
      if (attempts === 1) assert.ok((await nats.stream("SENSE_EVENTS"))?.consumer_detail?.[0]);
    });
    const asIngest = { port: nats.port, user: "udp-ingest", password: "ingest-pw" };
    await askNats(asIngest, "publish", "sense.task.failed", "no event");
    await saysOnce(alerter, missing, () => nats.log(), attempts);
  });
}

test("mqtt-alerter says once which permission it lacks to take requests to start tasks", async (t) => {
  const nats = await startNats(t, { config: without("mqtt-alerter", "sense.start-request.*") });
  const qrs = await startQrs(t);
  const login = { NATS_URL: nats.url, NATS_USER: "mqtt-alerter", NATS_PASSWORD: "alerter-pw" };
  const taskStart = { ...qrs.environment, TASK_START_ENABLE: "true", TASK_START_ALLOW_ANY: "true" };
  const env = { ...login, ...taskStart, MQTT_URL: broker.url, SHUTDOWN_TIMEOUT_SECONDS: "1" };
  const alerter = await startService(t, "mqtt-alerter", env, { waitFor: "ready" });
  await publishMqtt({ port: broker.port, topic: "qliksense/start_task", payload: "any" });
  await saysOnce(alerter, "publish sense.start-request.*", () => nats.log(), 1);
});

async function saysOnce(service: Service, missing: string, log: () => string, attempts: number): Promise<void> {
  const reason = `the server's permissions do not allow it: ${missing}`;
  await eventually(
    () => {
      assert.equal(linesThatSay(service, reason), 1, JSON.stringify(service.logs));
      assert.ok(log().split("Violation").length - 1 >= attempts);
    },
    { timeoutMs: 20_000, what: `"${missing}"` },
  );
  assert.equal((await service.get("/livez")).status, 200);
  await service.stop();
  assert.equal(linesThatSay(service, reason), 1);
  assert.equal(service.stderr(), "");
}

for (const [topic, complaint] of [
  ["qliksense/task_failure", /"topic":"qliksense\/task_failure".*"msg":"the broker refuses a topic"/],
  [
    "qliksense/mqtt-alerter/a1/status",
    /"topic":"qliksense\/mqtt-alerter\/a1\/status".*"msg":"the broker refuses the status/,
  ],
] as const) {
  test(`mqtt-alerter says once that the broker's rules do not let it write ${topic}`, async (t) => {
    const aclFile = join(tempDir(t), "acl");
    const rules = securityBlock("mosquitto acl").replace("/+/status", "/a1/status");
    // Rules before the first user are for whoever does not log in.
    const [anyone = ""] = rules.replace("user mqtt-alerter\n", "").split("\nuser ");
    assert.ok(anyone.includes(topic));
    writeFileSync(aclFile, anyone.replace(new RegExp(`topic write ${topic}\n`), ""));
    // With a queue without bound mosquitto 2.0 hangs up on whoever publishes what the rules deny.
    const config = `acl_file ${aclFile}\nmax_queued_messages 1000`;
    const [nats, strict] = await Promise.all([startNats(t), startMosquitto(t, { config })]);
    const env = { NATS_URL: nats.url, INSTANCE_ID: "a1", MQTT_URL: strict.url };
    const [alerter, ingest] = await Promise.all([
      startService(t, "mqtt-alerter", env, { waitFor: "ready" }),
      startService(t, "udp-ingest", env, { waitFor: "ready" }),
    ]);
    await sendDatagram(await ingest.udpPort(), newTask().datagram);
    await eventually(() => {
      const said = alerter.logs.filter((line) => complaint.test(JSON.stringify(line)));
      assert.equal(said.length, 1, JSON.stringify(alerter.logs));
      assert.match(JSON.stringify(said), /it answers that this user is not authorized \(0x87\)/);
    });
  });
}
