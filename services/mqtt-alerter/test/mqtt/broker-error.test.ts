import assert from "node:assert/strict";
import { test } from "node:test";
import { explainConnectionEnd } from "../../src/mqtt/broker-error.js";

function explain(code: string | number, message = "Connection refused"): string {
  if (typeof code === "number") return explainConnectionEnd({ accepted: false, cause: "connack", code }, 5);
  return explainConnectionEnd({ accepted: false, cause: "error", code, error: new Error(message) }, 5);
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
  [0x88, /not available/],
  [0x97, /no room for another session/],
  [0x9a, /retains no messages.*last will/],
  [0x9b, /QoS of the last will/],
  [0x9c, /use another server for a while.*MQTT_URL/],
  [0x9d, /use another server from now on.*MQTT_URL/],
  ["INVALID_PURPOSE", /not made for servers.*serverAuth/],
  ["ERR_SSL_CA_MD_TOO_WEAK", /too weak for OpenSSL 3.*SHA-256/],
  ["CA_MD_TOO_WEAK", /too weak for OpenSSL 3/],
  [2, /client id.*MQTT_CLIENT_ID/],
  [4, /user name or password.*MQTT_USERNAME and MQTT_PASSWORD/],
  [5, /does not let this user in.*MQTT_USERNAME/],
] as const) {
  test(`says what to do about ${typeof code === "number" ? `0x${code.toString(16).padStart(2, "0")}` : code}`, () => {
    assert.match(explain(code), explanation);
  });
}

for (const code of [0x84, 1]) {
  test(`names the other version of MQTT for 0x${code.toString(16).padStart(2, "0")}`, () => {
    const end = { accepted: false, cause: "connack", code } as const;
    assert.match(explainConnectionEnd(end, 5), /set MQTT_PROTOCOL_VERSION=4\)/);
    assert.match(explainConnectionEnd(end, 4), /set MQTT_PROTOCOL_VERSION=5\)/);
  });
}

for (const [code, explanation] of [
  [0x87, /may not do.*access rules for the topics/],
  [0x8b, /shutting down/],
  [0x8e, /another client has taken over.*MQTT_CLIENT_ID/],
  [0x93, /too many messages in flight.*MQTT_MAX_INFLIGHT/],
  [0x95, /too large/],
  [0x9d, /use the server b:1883 from now on/],
  [0xa0, /reason code 0xa0/],
] as const) {
  test(`does not take DISCONNECT 0x${code.toString(16)} for a refused connection`, () => {
    const end = { accepted: true, cause: "disconnect", code, serverReference: "b:1883" } as const;
    const text = explainConnectionEnd(end, 5);
    assert.match(text, explanation);
    assert.doesNotMatch(text, /MQTT_PASSWORD/);
  });
}

for (const [message, explanation] of [
  ["Unexpected server response: 404", /no WebSocket at that path.*MQTT_URL/],
  ["Unexpected server response: 401", /refused the login.*MQTT_PASSWORD/],
  ["Unexpected server response: 200", /web server answers there, but no MQTT broker/],
  ["Server sent an invalid subprotocol", /does not speak MQTT/],
  ["Server sent no subprotocol", /does not speak MQTT/],
] as const) {
  test(`says what to do about the WebSocket answer ${JSON.stringify(message)}`, () => {
    assert.match(explainConnectionEnd({ accepted: false, cause: "error", error: new Error(message) }, 5), explanation);
  });
}

for (const [cause, explanation] of [
  ["no-connack", /no answer.*firewall/],
  ["no-pingresp", /does not answer pings/],
  ["no-puback", /acknowledges nothing.*MQTT_PUBACK_TIMEOUT_SECONDS/],
  ["invalid-packet", /invalid packet/],
] as const) {
  test(`explains ${cause}`, () => {
    assert.match(explainConnectionEnd({ accepted: true, cause }, 5), explanation);
  });
}

test("tells a connection that broke from one that was never accepted", () => {
  assert.equal(explainConnectionEnd({ accepted: true, cause: "closed" }, 5), "the connection broke");
  assert.match(explainConnectionEnd({ accepted: false, cause: "closed" }, 5), /without an answer/);
});

test("gives the text of any other error, or the code of one without a text", () => {
  assert.equal(explain("EPROTO", "write EPROTO"), "write EPROTO");
  assert.equal(explain("ENETUNREACH", ""), "ENETUNREACH");
});
