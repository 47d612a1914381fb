import assert from "node:assert/strict";
import { pbkdf2Sync, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { eventually, freeTcpPort, startMosquitto, tempDir } from "@sense-alerts/test-kit";
import { alertMessage, resultOf, startPublisher, statusTopic } from "../fixtures/start-publisher.js";

/** The lines of mosquitto's own log, with `log_type all`, about messages that it received on these topics. */
function received(log: string, topic: string): readonly string[] {
  return log.split("\n").filter((line) => line.includes("Received PUBLISH from") && line.includes(`'${topic}'`));
}

test("starts before the broker, says so, and connects when it comes", async (t) => {
  const port = await freeTcpPort();
  const publisher = startPublisher(t, `mqtt://127.0.0.1:${port}`);
  await eventually(() => assert(publisher.troubles().length >= 1));
  assert.match(publisher.troubles()[0] ?? "", /nobody listens at that address/);
  assert.equal(publisher.online(), false);
  const waiting = resultOf(publisher.publish(alertMessage("a/b", "x")));
  const broker = await startMosquitto(t, { port, config: "log_type all" });
  assert.equal(await waiting, "published");
  await eventually(() => assert.equal(received(broker.log(), "a/b").length, 1));
});

test("sends what was in flight again when the broker is back, in the first order", async (t) => {
  const broker = await startMosquitto(t, { config: "log_type all" });
  const publisher = startPublisher(t, broker.url, { maxInflight: 3 });
  await eventually(() => assert(publisher.online()));
  await publisher.publish(alertMessage("a/0", "before"));
  broker.suspend();
  const numbers = [1, 2, 3, 4, 5];
  const results = numbers.map((number) => resultOf(publisher.publish(alertMessage(`a/${number}`, "x"))));
  await eventually(() => assert.equal(publisher.inFlight(), 3));
  await broker.stop("SIGKILL");
  const earlierLog = broker.log().length;
  await broker.start();
  assert.deepEqual(await Promise.all(results), Array(5).fill("published"));
  const log = broker.log().slice(earlierLog);
  // Topics that were in flight are tried alone, after the others.
  for (const number of numbers) assert.equal(received(log, `a/${number}`).length, 1, String(number));
});

test("makes a new connection when the broker acknowledges nothing for the time of a PUBACK", async (t) => {
  const broker = await startMosquitto(t);
  const publisher = startPublisher(t, broker.url, { maxInflight: 4, pubackTimeoutMs: 600, timing: { connackMs: 300 } });
  await eventually(() => assert(publisher.online()));
  await publisher.publish(alertMessage("a/b", "before"));
  broker.suspend();
  const results = Array.from({ length: 20 }, (_, index) =>
    resultOf(publisher.publish(alertMessage("a/b", `${index}`))),
  );
  await eventually(() => assert.match(publisher.troubles()[0] ?? "", /acknowledges nothing/));
  await eventually(() => assert.match(publisher.troubles().join(), /no answer to the attempt to connect/));
  broker.resume();
  assert.deepEqual(new Set(await Promise.all(results)), new Set(["published"]));
});

test("notices a broker that hangs while there is nothing to publish", async (t) => {
  const broker = await startMosquitto(t);
  const publisher = startPublisher(t, broker.url, { keepaliveSeconds: 1 });
  await eventually(() => assert(publisher.online()));
  broker.suspend();
  await eventually(() => assert.equal(publisher.online(), false));
  assert.match(publisher.troubles()[0] ?? "", /does not answer pings/);
  broker.resume();
  await eventually(() => assert(publisher.online()));
});

test("stays connected to a broker that it has nothing to say to", async (t) => {
  const broker = await startMosquitto(t, { config: "log_type all" });
  const publisher = startPublisher(t, broker.url, { keepaliveSeconds: 1 });
  await eventually(() => assert(broker.log().split("Sending PINGRESP to alerter").length > 3));
  assert.deepEqual(publisher.troubles(), []);
});

/** A line of mosquitto's password file: PBKDF2 with SHA-512, 101 rounds. */
function passwordLine(user: string, password: string): string {
  const salt = randomBytes(12);
  const hash = pbkdf2Sync(password, salt, 101, 64, "sha512");
  return `${user}:$7$101$${salt.toString("base64")}$${hash.toString("base64")}\n`;
}

for (const protocolVersion of [4, 5] as const) {
  test(`says that the login is wrong, keeps trying, and connects when it is right (protocol ${protocolVersion})`, async (t) => {
    const file = join(tempDir(t), "passwords");
    writeFileSync(file, passwordLine("sense", "s3cret"), { mode: 0o600 });
    const broker = await startMosquitto(t, { config: `allow_anonymous false\npassword_file ${file}` });
    const publisher = startPublisher(t, broker.url, { protocolVersion, username: "sense", password: "other" });
    await eventually(() => assert(publisher.troubles().length >= 1));
    for (const trouble of publisher.troubles()) assert.match(trouble, /check MQTT_USERNAME(,| and) MQTT_PASSWORD/);
    writeFileSync(file, passwordLine("sense", "other"), { mode: 0o600 });
    process.kill(broker.pid, "SIGHUP");
    await eventually(() => assert(publisher.online()));
    await publisher.publish(alertMessage("a/b", "x"));
  });
}

/** A mosquitto that lets everybody publish to these topics and no others. */
function startStrictMosquitto(t: TestContext, topics: readonly string[]) {
  const file = join(tempDir(t), "rules");
  writeFileSync(file, topics.map((topic) => `topic readwrite ${topic}\n`).join(""));
  // With max_queued_messages 0, mosquitto 2.0.11 ends the connection of whoever it refuses a message.
  return startMosquitto(t, { config: `acl_file ${file}\nmax_queued_messages 1000` });
}

test("rejects with the broker's reason what its access rules refuse, and goes on", async (t) => {
  const broker = await startStrictMosquitto(t, ["a/#", "status/#"]);
  const publisher = startPublisher(t, broker.url);
  await eventually(() => assert(publisher.online()));
  assert.equal(await resultOf(publisher.publish(alertMessage("b/c", "x"))), "topic-refused");
  assert.equal(await resultOf(publisher.publish(alertMessage("a/b", "x"))), "published");
  assert.equal(publisher.inFlight(), 0);
  assert.deepEqual(publisher.troubles(), []);
});

test("says so when the access rules refuse the status, and publishes all the same", async (t) => {
  const broker = await startStrictMosquitto(t, ["a/#"]);
  const publisher = startPublisher(t, broker.url);
  const text = "the broker refuses the status; alerts are published without it";
  await eventually(() => assert.equal(publisher.logged(text)[0]?.["topic"], statusTopic));
  assert.equal(await resultOf(publisher.publish(alertMessage("a/b", "x"))), "published");
  await publisher.close();
  await eventually(() => assert.match(broker.log(), /Client alerter-\w+ (closed|disconnected)/));
});

test("says once that the connection broke", async (t) => {
  const broker = await startMosquitto(t);
  const publisher = startPublisher(t, broker.url, { timing: { firstRetryMs: 60_000 } });
  await eventually(() => assert(publisher.online()));
  await broker.stop("SIGKILL");
  await eventually(() => assert.equal(publisher.online(), false));
  assert.equal(publisher.troubles().length, 1);
  assert.match(publisher.troubles()[0] ?? "", /^the connection (broke|was reset)/);
});

test("can be closed while it waits for the broker, and then tries no more", async (t) => {
  const port = await freeTcpPort();
  const publisher = startPublisher(t, `mqtt://127.0.0.1:${port}`);
  await eventually(() => assert(publisher.troubles().length >= 1));
  await publisher.close();
  const broker = await startMosquitto(t, { port });
  const later = startPublisher(t, broker.url);
  await eventually(() => assert(later.online()));
  await later.publish(alertMessage("a/b", "x"));
  assert.equal(broker.log().split("New client connected").length, 2);
});
