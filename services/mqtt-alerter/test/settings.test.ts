import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { describeSettings, type Environment, SettingsError } from "@sense-alerts/service-kit";
import { tempDir } from "@sense-alerts/test-kit";
import { mqttAlerterSettings, mqttOptionsOf, readSettings } from "../src/settings.js";
import { createAuthority } from "./fixtures/certificates.js";

function problemsWith(env: Environment): string[] {
  try {
    readSettings(env);
  } catch (error) {
    assert(error instanceof SettingsError, String(error));
    return error.problems.map(({ name, message }) => `${name}: ${message}`);
  }
  return assert.fail("the settings were accepted");
}

function file(t: TestContext, name: string, contents: string): string {
  const path = join(tempDir(t), name);
  writeFileSync(path, contents);
  return path;
}

/** Starting tasks by MQTT, and what it needs. */
function startEnabled(t: TestContext): Environment {
  const { certFile, keyFile } = createAuthority(t).issue("client");
  const qrs = { QRS_URL: "https://sense.example.com", QRS_CERT_FILE: certFile, QRS_KEY_FILE: keyFile };
  return { ...qrs, TASK_START_ENABLE: "true" };
}

const common = {
  NATS_URL: ["nats://localhost:4222"],
  NATS_STREAM: "SENSE_EVENTS",
  NATS_SUBJECT_PREFIX: "sense",
  NATS_STREAM_REPLICAS: 1,
  NATS_TLS_FIRST: false,
  NATS_STREAM_MAX_AGE_HOURS: 168,
  NATS_STREAM_MAX_BYTES: 1_073_741_824,
  NATS_DEDUP_WINDOW_SECONDS: 600,
  HTTP_HOST: "0.0.0.0",
  HTTP_PORT: 8080,
  LOG_LEVEL: "info",
  LOG_PRETTY: "auto",
  STATUS_PAGE: "auto",
  INSTANCE_ID: hostname().replace(/[^A-Za-z0-9._-]/g, "-"),
  SHUTDOWN_TIMEOUT_SECONDS: 20,
};

const own = {
  NATS_CONSUMER: "mqtt-alerter",
  MQTT_URL: ["mqtt://localhost:1883"],
  MQTT_PROTOCOL_VERSION: "auto",
  MQTT_PUBACK_TIMEOUT_SECONDS: 30,
  MQTT_REFUSED_AFTER_MINUTES: 10,
  MQTT_STATUS_ON_STOP: "offline",
  MQTT_QOS: 1,
  MQTT_RETAIN: false,
  MQTT_KEEPALIVE_SECONDS: 30,
  MQTT_TLS_INSECURE: false,
  MQTT_MAX_INFLIGHT: 256,
  ALERT_MAX_AGE_MINUTES: 1_440,
  MQTT_STATUS_TOPIC: "qliksense/mqtt-alerter/{instanceId}/status",
  TASK_FAILURE_TOPIC: "qliksense/task_failure",
  TASK_FAILURE_SEND_FULL: true,
  TASK_FAILURE_FULL_TOPIC: "qliksense/task_failure_full",
  TASK_FAILURE_SERVER_STATUS_TOPIC: "qliksense/butler/task_failure_server",
  TASK_ABORTED_TOPIC: "qliksense/task_aborted",
  TASK_ABORTED_SEND_FULL: true,
  TASK_ABORTED_FULL_TOPIC: "qliksense/task_aborted_full",
  TASK_SUCCESS_SEND_FULL: false,
  TASK_SUCCESS_FULL_TOPIC: "qliksense/task_success_full",
  TASK_START_ENABLE: false,
  SUBSCRIPTION_ROOT_TOPIC: "qliksense/#",
  TASK_START_TOPIC: "qliksense/start_task",
  TASK_START_RESULT_TOPIC: "qliksense/start_task/result",
  TASK_START_ALLOW_ANY: false,
  QRS_TLS_INSECURE: false,
  QRS_USER: "UserDirectory=Internal;UserId=sa_repository",
  QRS_TIMEOUT_SECONDS: 10,
  QRS_CACHE_SECONDS: 300,
  QRS_SCRIPT_LOG_LINES: 0,
};

const unset = [
  "MQTT_USERNAME",
  "MQTT_PASSWORD",
  "MQTT_CLIENT_ID",
  "MQTT_MESSAGE_EXPIRY_SECONDS",
  "MQTT_TLS_CA_FILE",
  "MQTT_TLS_CERT_FILE",
  "MQTT_TLS_KEY_FILE",
  "TASK_SUCCESS_TOPIC",
  "TOPIC_SPACE_REPLACEMENT",
  "TASK_START_ALLOWED_IDS",
  "TASK_START_ALLOWED_TAGS",
  "TASK_START_ALLOWED_CUSTOM_PROPERTIES",
  "QRS_URL",
  "QRS_CERT_FILE",
  "QRS_KEY_FILE",
  "QRS_CA_FILE",
  "ALERT_TASK_TYPES",
];

/** With topics as the text that they were read from. */
function plain(settings: object): Record<string, unknown> {
  const isTemplate = (value: unknown): value is { text: string } =>
    typeof value === "object" && value !== null && "text" in value;
  const entries = Object.entries(settings).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([name, value]) => [name, isTemplate(value) ? value.text : value]));
}

test("has the promised settings and defaults, and no others", () => {
  assert.deepEqual(plain(readSettings({})), { ...common, ...own });
  assert.deepEqual(Object.keys(mqttAlerterSettings).sort(), [...Object.keys(own), ...unset].sort());
});

test("takes every default as it is described, written out", () => {
  const rows = describeSettings(mqttAlerterSettings).filter(({ name }) => name in own);
  const env = Object.fromEntries(rows.map(({ name, defaultText }) => [name, defaultText]));
  assert.deepEqual(readSettings(env), readSettings({}));
});

test("takes every example", (t) => {
  const authority = createAuthority(t);
  const { certFile, keyFile } = authority.issue("client");
  const rows = describeSettings(mqttAlerterSettings).filter(({ example }) => example !== undefined);
  const env = Object.fromEntries(rows.map(({ name, example }) => [name, example]));
  const files = { MQTT_TLS_CA_FILE: authority.caFile, MQTT_TLS_CERT_FILE: certFile, MQTT_TLS_KEY_FILE: keyFile };
  const qrsFiles = { QRS_CA_FILE: authority.caFile, QRS_CERT_FILE: certFile, QRS_KEY_FILE: keyFile };
  const settings = readSettings({ ...env, ...files, ...qrsFiles });
  assert.equal(settings.MQTT_TLS_KEY_FILE, keyFile);
  assert.equal(settings.TASK_SUCCESS_TOPIC?.text, "qliksense/task_success");
});

test("takes blank for unset, for every setting but the status topic", () => {
  const names = Object.keys({ ...common, ...mqttAlerterSettings });
  for (const blank of ["", "  "]) {
    const env = Object.fromEntries(names.map((name) => [name, blank]));
    // A blank status topic is the only one that means something.
    assert.deepEqual(readSettings(env), { ...readSettings({}), MQTT_STATUS_TOPIC: undefined });
  }
});

const missing = "/nowhere/x.pem";
const wrong: Record<string, readonly string[]> = {
  MQTT_URL: ["localhost:1883", "http://broker", "mqtt://", "mqtt://broker:99999", "mqtt://u:a/b@broker"],
  MQTT_PROTOCOL_VERSION: ["3", "3.1.1", "6"],
  NATS_CONSUMER: ["a.b", "a b", "a*"],
  MQTT_PUBACK_TIMEOUT_SECONDS: ["0", "3601"],
  MQTT_REFUSED_AFTER_MINUTES: ["0"],
  MQTT_STATUS_ON_STOP: ["online"],
  MQTT_QOS: ["2", "-1", "one"],
  MQTT_RETAIN: ["maybe", "2"],
  MQTT_MESSAGE_EXPIRY_SECONDS: ["0", "-1", "1.5", "4294967296", "1d"],
  MQTT_KEEPALIVE_SECONDS: ["0", "65536", "30s"],
  MQTT_TLS_CA_FILE: [missing],
  MQTT_TLS_CERT_FILE: [missing],
  MQTT_TLS_KEY_FILE: [missing],
  MQTT_TLS_INSECURE: ["maybe"],
  MQTT_MAX_INFLIGHT: ["0", "65536", "many"],
  ALERT_MAX_AGE_MINUTES: ["0", "525601", "a day"],
  MQTT_STATUS_TOPIC: ["a/#", "{instanceId}", "a/{hostName}", "a\tb"],
  TASK_FAILURE_TOPIC: ["a/+/b", "{taskName}", "a/{task}", "a/{instanceId}", "x".repeat(65_536)],
  TASK_FAILURE_SEND_FULL: ["full"],
  TASK_FAILURE_FULL_TOPIC: ["#"],
  TASK_FAILURE_SERVER_STATUS_TOPIC: ["#", "a/{hostName}"],
  TASK_ABORTED_TOPIC: ["a\0b"],
  TASK_ABORTED_SEND_FULL: ["no!"],
  TASK_ABORTED_FULL_TOPIC: ["a/{taskName"],
  TASK_SUCCESS_TOPIC: ["a#"],
  TASK_SUCCESS_SEND_FULL: ["yes please"],
  TASK_SUCCESS_FULL_TOPIC: ["+"],
  TOPIC_SPACE_REPLACEMENT: ["a b", "/", "+", "#", "\0"],
  TASK_START_ENABLE: ["maybe"],
  SUBSCRIPTION_ROOT_TOPIC: ["#/a", "a/b#", "a+/b", "a\tb"],
  TASK_START_TOPIC: ["qliksense/+", "qliksense/{taskId}", "acme/start", "qliksense/task_failure", "$SYS/start"],
  TASK_START_RESULT_TOPIC: ["qliksense/#", "$SYS/result", "qliksense/start_task"],
  TASK_START_ALLOWED_IDS: ["sales", "5a4d2f0e-6f0b-4b1c-9d35-0f6f3c8f7a11;", ","],
  TASK_START_ALLOWED_TAGS: [","],
  TASK_START_ALLOWED_CUSTOM_PROPERTIES: ["name", "=value", "name="],
  TASK_START_ALLOW_ANY: ["any"],
  QRS_URL: ["sense.example.com:4242", "http://sense.example.com", "https://"],
  QRS_CERT_FILE: [missing],
  QRS_KEY_FILE: [missing],
  QRS_CA_FILE: [missing],
  QRS_TLS_INSECURE: ["maybe"],
  QRS_USER: ["sa_repository", "INTERNAL\\sa_repository"],
  QRS_TIMEOUT_SECONDS: ["0", "301", "10s"],
  QRS_CACHE_SECONDS: ["-1", "86401"],
  QRS_SCRIPT_LOG_LINES: ["-1", "1001"],
  ALERT_TASK_TYPES: ["reloads", "reload;preload", ","],
};

test("knows a wrong value for every setting that can have one", () => {
  const anyText = ["MQTT_USERNAME", "MQTT_PASSWORD", "MQTT_CLIENT_ID"];
  assert.deepEqual(Object.keys(mqttAlerterSettings).sort(), [...Object.keys(wrong), ...anyText].sort());
});

for (const [name, values] of Object.entries(wrong)) {
  for (const value of values) {
    test(`refuses ${JSON.stringify(value.slice(0, 40))} for ${name}`, (t) => {
      const isOfStart = /^(TASK_START|SUBSCRIPTION_ROOT)_TOPIC|_RESULT_TOPIC$/.test(name);
      const problems = problemsWith({ ...(isOfStart ? startEnabled(t) : {}), [name]: value });
      assert.equal(problems.length, 1, problems.join("\n"));
      assert(problems[0]?.startsWith(`${name}: `), problems[0]);
    });
  }
}

test("checks the topics of starting tasks only when that is enabled", (t) => {
  for (const env of [
    { TASK_FAILURE_TOPIC: "qliksense/{taskName}" },
    { TASK_START_TOPIC: "acme/start" },
    { TASK_START_TOPIC: "acme/#" },
    { SUBSCRIPTION_ROOT_TOPIC: "acme/#/x" },
    { SUBSCRIPTION_ROOT_TOPIC_FILE: "/nowhere/topic" },
    { TASK_START_RESULT_TOPIC: "qliksense/start_task" },
  ]) {
    assert.equal(readSettings(env).TASK_START_ENABLE, false);
    assert.equal(problemsWith({ ...startEnabled(t), ...env }).length, 1);
    assert.notEqual(problemsWith({ TASK_START_ENABLE: "maybe", ...env }).length, 0);
  }
});

test("compares the start topic with the topics of messages that are sent, and no others", (t) => {
  const env = { ...startEnabled(t), TASK_FAILURE_FULL_TOPIC: "qliksense/{taskName}" };
  assert.match(problemsWith(env).join(), /must be another topic than TASK_FAILURE_FULL_TOPIC/);
  assert.equal(readSettings({ ...env, TASK_FAILURE_SEND_FULL: "false" }).TASK_START_ENABLE, true);
});

test("lists every wrong setting at once, those of NATS and HTTP too", () => {
  const env = { MQTT_QOS: "3", TASK_FAILURE_TOPIC: "#", NATS_URL: "http://x", HTTP_PORT: "x" };
  const names = problemsWith(env).map((problem) => problem.split(":")[0]);
  assert.deepEqual(names.sort(), Object.keys(env).sort());
});

test("keeps the limits that MQTT and the settings of NATS have", () => {
  const env = {
    MQTT_MESSAGE_EXPIRY_SECONDS: "4294967295",
    MQTT_KEEPALIVE_SECONDS: "65535",
    MQTT_MAX_INFLIGHT: "65535",
  };
  assert.equal(readSettings(env).MQTT_MESSAGE_EXPIRY_SECONDS, 4_294_967_295);
  assert.deepEqual(problemsWith({ NATS_USER: "sense" }), ["NATS_PASSWORD: must be set together with NATS_USER"]);
});

test("drops blanks around a topic, not inside it", () => {
  assert.equal(readSettings({ TASK_FAILURE_TOPIC: " a b/c " }).TASK_FAILURE_TOPIC.text, "a b/c");
});

test("asks for a user name with a password", () => {
  const alone = ["MQTT_USERNAME: must be set together with MQTT_PASSWORD"];
  assert.deepEqual(problemsWith({ MQTT_PASSWORD: "s3cret" }), alone);
  assert.deepEqual(problemsWith({ MQTT_URL: "mqtt://:s3cret@broker" }), alone);
  readSettings({ MQTT_USERNAME: "sense" });
  readSettings({ MQTT_URL: "mqtt://sense@broker", MQTT_PASSWORD: "s3cret" });
});

test("refuses a login in the URL that is not well encoded", () => {
  const problem = ["MQTT_URL: must have each % in its user or password written as %25"];
  assert.deepEqual(problemsWith({ MQTT_URL: "mqtt://se%nse:s3cret@broker" }), problem);
  assert.deepEqual(problemsWith({ MQTT_URL: "mqtt://sense:100%@broker" }), problem);
});

test("reports a wrong URL once, whatever else is read from it", () => {
  assert.equal(problemsWith({ MQTT_URL: "broker", MQTT_PASSWORD: "s3cret" }).length, 1);
});

test("asks for certificate and key together", (t) => {
  const pem = file(t, "x.pem", "certificate");
  const tls = { MQTT_URL: "mqtts://broker" };
  assert.deepEqual(problemsWith({ ...tls, MQTT_TLS_CERT_FILE: pem }), [
    "MQTT_TLS_KEY_FILE: must be set together with MQTT_TLS_CERT_FILE",
  ]);
  assert.deepEqual(problemsWith({ ...tls, MQTT_TLS_KEY_FILE: pem }), [
    "MQTT_TLS_CERT_FILE: must be set together with MQTT_TLS_KEY_FILE",
  ]);
});

test("refuses a certificate that is none, and one that the key does not fit", (t) => {
  const authority = createAuthority(t);
  const tls = { MQTT_URL: "mqtts://broker", MQTT_TLS_KEY_FILE: authority.issue("client").keyFile };
  const complaint = /^MQTT_TLS_CERT_FILE: must be a certificate \(PEM\) that MQTT_TLS_KEY_FILE fits: /;
  assert.match(problemsWith({ ...tls, MQTT_TLS_CERT_FILE: file(t, "x.pem", "none") }).join(), complaint);
  assert.match(problemsWith({ ...tls, MQTT_TLS_CERT_FILE: authority.issue("other").certFile }).join(), complaint);
});

test("refuses certificates on a connection without TLS", (t) => {
  const authority = createAuthority(t);
  const { certFile, keyFile } = authority.issue("client");
  const ca = { MQTT_TLS_CA_FILE: authority.caFile };
  const complaint = "MQTT_URL: must start with mqtts:// or wss:// when";
  assert.deepEqual(problemsWith(ca), [`${complaint} MQTT_TLS_CA_FILE is set`]);
  assert.deepEqual(
    problemsWith({ ...ca, MQTT_URL: "ws://broker", MQTT_TLS_CERT_FILE: certFile, MQTT_TLS_KEY_FILE: keyFile }),
    [`${complaint} MQTT_TLS_CA_FILE and MQTT_TLS_CERT_FILE is set`],
  );
  for (const url of ["mqtts://broker", "wss://broker/mqtt", "MQTTS://broker"]) readSettings({ ...ca, MQTT_URL: url });
});

test("refuses an expiry that MQTT 3.1.1 could not send", () => {
  assert.deepEqual(problemsWith({ MQTT_MESSAGE_EXPIRY_SECONDS: "60", MQTT_PROTOCOL_VERSION: "4" }), [
    "MQTT_MESSAGE_EXPIRY_SECONDS: must not be set with MQTT_PROTOCOL_VERSION=4: MQTT 3.1.1 has no expiry",
  ]);
});

test("shows the password in no message, wherever it came from", (t) => {
  const secret = "hunter2";
  for (const env of [
    { MQTT_PASSWORD: secret, MQTT_QOS: "9" },
    { MQTT_PASSWORD: secret, MQTT_PASSWORD_FILE: file(t, "password", secret) },
    { MQTT_PASSWORD_FILE: file(t, "password", secret) },
    { MQTT_URL: `mqtt://sense:${secret}@broker:99999` },
    { MQTT_URL: `mqtt://sense:${secret}%@broker` },
    { MQTT_URL: `mqtt://:${secret}@broker` },
    { MQTT_URL: `http://sense:${secret}@broker` },
    { MQTT_URL: `sense:${secret}@broker` },
    { MQTT_URL: `mqtt://sense:a/${secret}@broker` },
  ]) {
    assert(!problemsWith(env).join().includes(secret), problemsWith(env).join());
  }
});

test("reads the password from a file", (t) => {
  const settings = readSettings({ MQTT_USERNAME: "sense", MQTT_PASSWORD_FILE: file(t, "password", "hunter2\n") });
  assert.equal(mqttOptionsOf(settings).brokers[0].password, "hunter2");
});

test("refuses to choose among types of tasks that nobody knows without QRS", (t) => {
  assert.deepEqual(problemsWith({ ALERT_TASK_TYPES: "reload" }), [
    "QRS_URL: must be set together with ALERT_TASK_TYPES: only QRS knows the type of a task",
  ]);
  const settings = readSettings({ ...startEnabled(t), ALERT_TASK_TYPES: "Reload, preload" });
  assert.deepEqual([...(settings.ALERT_TASK_TYPES ?? [])], ["Reload", "Preload"]);
});
