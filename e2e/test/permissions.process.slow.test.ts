import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import {
  eventually,
  publishMqtt,
  runTool,
  type Scope,
  sendDatagram,
  startMosquitto,
  startNats,
  startQrs,
  startService,
  subscribeMqtt,
  tempDir,
} from "@sense-alerts/test-kit";
import { newTask, sendAlert } from "../src/alerts.js";
import { askNats } from "../src/ask-nats.js";
import { securityBlock } from "../src/security-page.js";

// One scope, so that services are stopped before the servers they talk to.
const file = { after };
const dir = tempDir(file);
const permissions = securityBlock("nats-server permissions");
const acl = securityBlock("mosquitto acl");
// nats-server takes them from its environment, as the configuration in docs/security.md says.
Object.assign(process.env, {
  UDP_INGEST_PASSWORD: "ingest-pw",
  MQTT_ALERTER_PASSWORD: "alerter-pw",
  DEAD_LETTERS_PASSWORD: "person-pw",
});
const ingestLogin = { NATS_USER: "udp-ingest", NATS_PASSWORD: "ingest-pw" };
const alerterLogin = { NATS_USER: "mqtt-alerter", NATS_PASSWORD: "alerter-pw" };

async function startBroker(t: Scope, rules: string) {
  const [aclFile, passwords] = [join(dir, "acl"), join(dir, "passwords")];
  // subscribeMqtt() waits for a message on a topic of the broker's own.
  writeFileSync(aclFile, `${rules}pattern read $SYS/#\n`);
  writeFileSync(passwords, "");
  for (const user of ["mqtt-alerter", "alert-reader", "planner"]) {
    execFileSync("mosquitto_passwd", ["-b", passwords, user, "pw"], { stdio: "pipe" });
  }
  const config = [
    "allow_anonymous false",
    `password_file ${passwords}`,
    `acl_file ${aclFile}`,
    "log_type all",
    "max_queued_messages 1000",
  ];
  return startMosquitto(t, { config: config.join("\n") });
}

test("the permissions and access rules of docs/security.md are all that the services need, and what makes the streams can go later", async (t) => {
  const nats = await startNats(t, { config: permissions });
  const broker = await startBroker(t, acl);
  const reader = ["-u", "alert-reader", "-P", "pw"];
  const subscriber = await subscribeMqtt(t, { port: broker.port, topics: ["qliksense/#"], args: reader });
  const asPlanner = ["-u", "planner", "-P", "pw"];
  const planner = await subscribeMqtt(t, { port: broker.port, topics: ["planner/answers"], args: asPlanner });
  const qrs = await startQrs(t);
  const taskId = qrs.addTask({ name: "task" }).id;
  const taskStart = { ...qrs.environment, TASK_START_ENABLE: "true", TASK_START_ALLOWED_IDS: taskId };
  const env = { NATS_URL: nats.url };
  const toBroker = { MQTT_URL: broker.url, MQTT_USERNAME: "mqtt-alerter", MQTT_PASSWORD: "pw" };
  const [ingest, alerter] = await Promise.all([
    startService(t, "udp-ingest", { ...env, ...ingestLogin }, { waitFor: "ready" }),
    startService(
      t,
      "mqtt-alerter",
      { ...env, ...alerterLogin, ...toBroker, ...taskStart, TASK_SUCCESS_SEND_FULL: "true" },
      { waitFor: "ready" },
    ),
  ]);
  const port = await ingest.udpPort();

  await sendAlert(ingest, subscriber);
  await sendAlert(ingest, subscriber, { tag: "/scheduler-task-aborted/" });
  await sendDatagram(port, newTask({ tag: "/scheduler-task-success/" }).datagram);
  await sendDatagram(port, "/no-such-tag/;a;b");
  await eventually(async () => assert.equal((await nats.stream("SENSE_REJECTED"))?.state.messages, 1));
  const startTask = () =>
    publishMqtt({
      port: broker.port,
      topic: "qliksense/start_task",
      payload: JSON.stringify({ taskId, requestId: randomUUID() }),
      properties: { responseTopic: "planner/answers" },
      args: asPlanner,
    });
  await startTask();
  // What the alerter cannot read becomes a dead letter; udp-ingest's user may publish there.
  const asIngest = { port: nats.port, user: "udp-ingest", password: "ingest-pw" };
  assert.equal(await askNats(asIngest, "publish", "sense.task.failed", "no event"), undefined);
  await eventually(async () => {
    assert.equal((await nats.stream("SENSE_REJECTED"))?.state.messages, 1, "one datagram");
    assert.equal((await nats.stream("SENSE_DEAD_LETTERS"))?.state.messages, 1, "one dead letter");
    assert.equal(await alerter.metric("sensealerts_alerter_oldest_waiting_event_age_seconds"), 0);
    assert.equal((await nats.stream("SENSE_EVENTS"))?.consumer_detail?.[0]?.num_ack_pending, 0);
    const topics = new Set(
      subscriber.messages.map(({ topic }) => topic.replace(/alerter\/.*\/status/, "alerter/+/status")),
    );
    const written = Array.from(acl.matchAll(/^topic write (qliksense\/.*)$/gm), ([, topic = ""]) => topic);
    assert.deepEqual([...topics].toSorted(), written.toSorted(), "something came on each topic of the rules");
    assert.equal(planner.messages.length, 1);
    assert.equal(qrs.starts.length, 1);
  });

  const person = { ...env, NATS_USER: "dead-letters", NATS_PASSWORD: "person-pw" };
  const deadLetters = (...args: string[]) => runTool(t, "dead-letters", args, person);
  assert.match((await deadLetters("show", "r1", "d1")).stdout, /unknown-tag/);
  assert.equal((await deadLetters("replay", "d1")).code, 0);
  assert.equal((await deadLetters("drop", "r1")).code, 0);

  await nats.stop();
  const later = permissions.replace(/^.*# makes it\n/gm, "");
  assert.doesNotMatch(later, /CREATE/);
  const restarted = await startNats(t, { port: nats.port, dir: nats.dir, config: later });
  await Promise.all([ingest.ready(), alerter.ready()]);
  await sendAlert(ingest, subscriber);
  await startTask();
  await eventually(() => assert.equal(planner.messages.length, 2));
  await alerter.stop();
  await ingest.stop();
  assert.doesNotMatch(nats.log() + restarted.log(), /violation/i);
  assert.doesNotMatch(broker.log(), /denied/i);
  const complaints = [...ingest.logs, ...alerter.logs].filter((line) =>
    /permission|authori/i.test(JSON.stringify(line)),
  );
  assert.deepEqual(complaints, []);
});

const server = await startNats(file, { config: permissions });
for (const [user, verb, subject] of [
  ["udp-ingest", "subscribe", "sense.task.failed"],
  ["udp-ingest", "subscribe", "sense.>"],
  ["udp-ingest", "subscribe", "_INBOX.mqtt-alerter.>"],
  ["udp-ingest", "subscribe", "_INBOX.>"],
  ["udp-ingest", "publish", "sense.dead-letter"],
  ["udp-ingest", "publish", "$JS.API.STREAM.DELETE.SENSE_EVENTS"],
  ["udp-ingest", "publish", "$JS.API.STREAM.PURGE.SENSE_EVENTS"],
  ["udp-ingest", "publish", "$JS.API.STREAM.UPDATE.SENSE_EVENTS"],
  ["udp-ingest", "publish", "$JS.API.STREAM.MSG.GET.SENSE_EVENTS"],
  ["udp-ingest", "publish", "$JS.API.STREAM.CREATE.ANOTHER"],
  ["udp-ingest", "publish", "$JS.API.CONSUMER.MSG.NEXT.SENSE_EVENTS.mqtt-alerter-basic"],
  ["udp-ingest", "publish", "$JS.ACK.SENSE_EVENTS.mqtt-alerter.1.1.1.1.0"],
  ["mqtt-alerter", "publish", "sense.task.failed"],
  ["mqtt-alerter", "publish", "sense.ingest.status"],
  ["mqtt-alerter", "publish", "sense.rejected"],
  ["mqtt-alerter", "publish", "$JS.API.STREAM.DELETE.SENSE_REQUESTS"],
  ["udp-ingest", "publish", "$JS.API.STREAM.INFO.SENSE_DEAD_LETTERS"],
  ["mqtt-alerter", "publish", "$JS.API.STREAM.INFO.SENSE_REJECTED"],
  ["mqtt-alerter", "publish", "$JS.API.STREAM.UPDATE.SENSE_REJECTED"],
  ["mqtt-alerter", "publish", "$JS.API.STREAM.MSG.DELETE.SENSE_EVENTS"],
  ["udp-ingest", "publish", "sense.start-request.x"],
  ["udp-ingest", "publish", "$JS.API.STREAM.MSG.GET.SENSE_REQUESTS"],
  ["mqtt-alerter", "publish", "$JS.API.STREAM.DELETE.SENSE_EVENTS"],
  ["mqtt-alerter", "publish", "$JS.API.CONSUMER.DELETE.SENSE_EVENTS.mqtt-alerter-basic"],
  ["mqtt-alerter", "publish", "$JS.API.CONSUMER.CREATE.SENSE_EVENTS.another"],
  ["mqtt-alerter", "publish", "$JS.ACK.SENSE_EVENTS.another.1.1.1.1.0"],
  ["mqtt-alerter", "subscribe", "sense.task.failed"],
  ["mqtt-alerter", "subscribe", "_INBOX.udp-ingest.>"],
] as const) {
  test(`${user} may not ${verb} ${subject}`, async () => {
    const password = user === "udp-ingest" ? "ingest-pw" : "alerter-pw";
    const answer = await askNats({ port: server.port, user, password }, verb, subject);
    assert.match(answer ?? "allowed", /^Permissions Violation for /);
  });
}
