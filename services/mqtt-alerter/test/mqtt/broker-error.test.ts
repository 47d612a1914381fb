import assert from "node:assert/strict";
import { test } from "node:test";
import { explainBrokerError } from "../../src/mqtt/broker-error.js";

function errorWith(code: string | number, message = "Connection refused"): Error {
  return Object.assign(new Error(message), { code });
}

for (const [code, explanation] of [
  ["ECONNREFUSED", /nobody listens at that address.*MQTT_URL/],
  ["ENOTFOUND", /host name is not known.*MQTT_URL/],
  ["EAI_AGAIN", /cannot be looked up.*name server/],
  ["ETIMEDOUT", /does not answer.*firewall/],
  ["EHOSTUNREACH", /does not answer.*firewall/],
  ["ECONNRESET", /connection was reset.*mqtts:\/\//],
  ["ERR_SSL_WRONG_VERSION_NUMBER", /nobody speaks TLS.*MQTT_URL/],
  ["SELF_SIGNED_CERT_IN_CHAIN", /not trusted.*MQTT_TLS_CA_FILE/],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", /not trusted.*MQTT_TLS_CA_FILE/],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", /not trusted.*MQTT_TLS_CA_FILE/],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", /not trusted.*MQTT_TLS_CA_FILE/],
  ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", /client certificate.*MQTT_TLS_CERT_FILE and MQTT_TLS_KEY_FILE/],
  ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", /another client certificate.*MQTT_TLS_CERT_FILE and MQTT_TLS_KEY_FILE/],
  ["ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED", /another client certificate.*MQTT_TLS_CERT_FILE/],
  ["ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE", /another client certificate.*MQTT_TLS_CERT_FILE/],
  ["CERT_HAS_EXPIRED", /certificate has expired/],
  ["ERR_TLS_CERT_ALTNAME_INVALID", /another host name than MQTT_URL/],
  [0x85, /client id.*MQTT_CLIENT_ID/],
  [0x86, /user name or password.*MQTT_USERNAME and MQTT_PASSWORD/],
  [0x87, /does not let this user in.*access rules/],
  [0x8b, /shutting down/],
  [0x8e, /another client has taken over.*MQTT_CLIENT_ID/],
  [0x9a, /last will.*unretained/],
  [0x9b, /last will.*QoS 0/],
  [2, /client id.*MQTT_CLIENT_ID/],
  [4, /login.*MQTT_USERNAME and MQTT_PASSWORD/],
  [5, /login.*MQTT_USERNAME and MQTT_PASSWORD/],
] as const) {
  test(`says what to do about ${typeof code === "number" ? `0x${code.toString(16).padStart(2, "0")}` : code}`, () => {
    assert.match(explainBrokerError(errorWith(code), 5), explanation);
  });
}

for (const code of [0x84, 1]) {
  test(`names the other version of MQTT for 0x${code.toString(16).padStart(2, "0")}`, () => {
    assert.match(explainBrokerError(errorWith(code), 5), /set MQTT_PROTOCOL_VERSION=4\)/);
    assert.match(explainBrokerError(errorWith(code), 4), /set MQTT_PROTOCOL_VERSION=5\)/);
  });
}

test("says what a time-out of the CONNACK may come of", () => {
  assert.match(explainBrokerError(new Error("connack timeout"), 5), /no answer.*firewall/);
});

test("passes on the text of any other error", () => {
  assert.equal(
    explainBrokerError(errorWith(0x88, "Connection refused: Server unavailable"), 5),
    "Connection refused: Server unavailable",
  );
  assert.equal(explainBrokerError(new Error("Keepalive timeout"), 5), "Keepalive timeout");
});

test("gives the code of an error without a text", () => {
  assert.equal(explainBrokerError(errorWith("ENETUNREACH", ""), 5), "ENETUNREACH");
});
