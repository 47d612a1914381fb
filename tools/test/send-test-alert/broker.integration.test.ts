import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { tempDir } from "@sense-alerts/test-kit";
import { startWay, trial } from "../fixtures/way.js";

for (const [what, topic] of [
  ["the execution in the full message", "qliksense/task_failure_full"],
  ["the name in the basic message", "qliksense/task_failure"],
] as const) {
  test(`knows the alert by ${what} over MQTT 3.1.1`, async (t) => {
    const way = await startWay(t, { alerter: { MQTT_PROTOCOL_VERSION: "4" } });
    const old = { MQTT_PROTOCOL_VERSION: "4" };
    const { code, stdout } = await trial(t, [...way.to, ...way.atBroker, "--topic", topic], old);
    assert.equal(code, 0, stdout);
    assert.match(stdout, new RegExp(`^ok +alert +came after \\d+ ms on ${topic}$`, "m"));
  });
}

test("logs in at the broker with what mqtt-alerter logs in with, a file included, and shows nothing of it", async (t) => {
  const dir = tempDir(t);
  const password = "p4ssw0rd-of-the-test";
  const passwords = join(dir, "passwords");
  execFileSync("mosquitto_passwd", ["-b", "-c", passwords, "reader", password], { stdio: "pipe" });
  writeFileSync(join(dir, "secret"), `${password}\n`);
  const config = `allow_anonymous false\npassword_file ${passwords}`;
  const way = await startWay(t, { broker: { config }, alerter: { MQTT_USERNAME: "reader", MQTT_PASSWORD: password } });
  const login = { MQTT_USERNAME: "reader", MQTT_PASSWORD_FILE: join(dir, "secret") };
  const right = await trial(t, [...way.to, ...way.atBroker], login);
  assert.equal(right.code, 0, right.stdout);
  const wrong = await trial(t, [...way.to, ...way.atBroker], {
    MQTT_USERNAME: "reader",
    MQTT_PASSWORD: `not ${password}`,
  });
  assert.equal(wrong.code, 1);
  assert.match(wrong.stdout, /^FAIL alert .*the broker .*\(check MQTT_USERNAME.*\n +→ mend that/m);
  for (const { stdout, stderr } of [right, wrong]) assert.equal(`${stdout}${stderr}`.includes(password), false);
});

test("says that nobody listens at the broker's address", async (t) => {
  const way = await startWay(t);
  await way.broker.stop();
  const { code, stdout } = await trial(t, [...way.to, ...way.atBroker]);
  assert.equal(code, 1);
  assert.match(stdout, /^FAIL alert .*cannot be waited for: nobody listens .*is --broker right/m);
});

test("refuses TLS files that cannot be used before it sends anything", async (t) => {
  const way = await startWay(t);
  const caFile = join(tempDir(t), "ca.pem");
  writeFileSync(caFile, "no certificate");
  const { code, stdout, stderr } = await trial(t, [...way.to, "--broker", "mqtts://127.0.0.1:8883"], {
    MQTT_TLS_CA_FILE: caFile,
  });
  assert.deepEqual([code, stdout], [78, ""]);
  assert.match(stderr, /^ {2}MQTT_TLS_CA_FILE: /m);
  assert.equal(await way.ingest.metric("sensealerts_ingest_datagrams_received_total"), 0);
});
