import assert from "node:assert/strict";
import { test } from "node:test";
import { mqttOptionsOf, readSettings } from "../../src/settings.js";
import { createAuthority } from "../fixtures/certificates.js";

function optionsOf(env: Record<string, string>) {
  return mqttOptionsOf(readSettings(env));
}

test("hands over the settings", (t) => {
  const { caFile } = createAuthority(t);
  const env = {
    MQTT_URL: "mqtts://broker.example.com:8883",
    MQTT_USERNAME: "sense",
    MQTT_PASSWORD: " s3cret ",
    MQTT_CLIENT_ID: "alerts-1",
    MQTT_QOS: "0",
    MQTT_RETAIN: "true",
    MQTT_MESSAGE_EXPIRY_SECONDS: "60",
    MQTT_KEEPALIVE_SECONDS: "15",
    MQTT_TLS_CA_FILE: caFile,
    MQTT_TLS_INSECURE: "true",
    MQTT_MAX_INFLIGHT: "7",
    MQTT_STATUS_TOPIC: "status/{instanceId}",
    INSTANCE_ID: "alerter-1",
  };
  assert.deepEqual(optionsOf(env), {
    brokers: [{ url: "mqtts://broker.example.com:8883", username: "sense", password: " s3cret " }],
    clientId: "alerts-1",
    protocolVersion: "auto",
    qos: 0,
    retain: true,
    messageExpirySeconds: 60,
    keepaliveSeconds: 15,
    tlsCaFile: caFile,
    tlsCertFile: undefined,
    tlsKeyFile: undefined,
    tlsInsecure: true,
    maxInflight: 7,
    statusTopic: "status/alerter-1",
    statusOnStop: "offline",
    pubackTimeoutMs: 30_000,
    refusedAfterMs: 600_000,
  });
});

test("has no login unless one is set", () => {
  const { username, password } = optionsOf({}).brokers[0];
  assert.deepEqual([username, password], [undefined, undefined]);
});

for (const [url, username, password, bare] of [
  ["mqtt://sense:s3cret@broker:1884", "sense", "s3cret", "mqtt://broker:1884"],
  ["mqtt://sense@broker", "sense", undefined, "mqtt://broker"],
  ["mqtts://a%40b:p%3Aq%2Fr%25@broker", "a@b", "p:q/r%", "mqtts://broker"],
  ["ws://sense:s3cret@broker/mqtt?x=1", "sense", "s3cret", "ws://broker/mqtt?x=1"],
] as const) {
  test(`takes the login out of ${url}`, () => {
    const [options] = optionsOf({ MQTT_URL: url }).brokers;
    assert.deepEqual([options.username, options.password, options.url], [username, password, bare]);
  });
}

test("prefers MQTT_USERNAME and MQTT_PASSWORD to the login in the URL", () => {
  const [options] = optionsOf({
    MQTT_URL: "mqtt://a:b@broker",
    MQTT_USERNAME: "sense",
    MQTT_PASSWORD: "s3cret",
  }).brokers;
  assert.deepEqual([options.username, options.password, options.url], ["sense", "s3cret", "mqtt://broker"]);
});

test("makes a client id of its own for each process", () => {
  const [one, other] = [
    optionsOf({ INSTANCE_ID: "alerter-1" }).clientId,
    optionsOf({ INSTANCE_ID: "alerter-1" }).clientId,
  ];
  assert.match(one, /^mqtt-alerter-alerter-1-[0-9a-f]{8}$/);
  assert.notEqual(one, other);
});

test("takes several brokers, each with its own login", () => {
  assert.deepEqual(optionsOf({ MQTT_URL: "mqtt://a:b@one, mqtts://two:8883" }).brokers, [
    { url: "mqtt://one", username: "a", password: "b" },
    { url: "mqtts://two:8883", username: undefined, password: undefined },
  ]);
});

test("has neither status nor last will when the status topic is empty", () => {
  assert.equal(optionsOf({ MQTT_STATUS_TOPIC: "" }).statusTopic, undefined);
  assert.equal(optionsOf({ INSTANCE_ID: "i" }).statusTopic, "qliksense/mqtt-alerter/i/status");
});
