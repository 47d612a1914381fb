import assert from "node:assert/strict";
import { test } from "node:test";
import { NatsError } from "nats";
import { explainNatsError, explainServerError } from "../../src/connection/explain.js";
import { defaults } from "../fixtures/bus.js";

const inboxPrefix = "_INBOX.mqtt-alerter";

for (const [subject, pattern] of [
  ["sense.dead-letter", "sense.dead-letter"],
  ["$JS.API.STREAM.INFO.SENSE_EVENTS", "$JS.API.STREAM.INFO.SENSE_EVENTS"],
  ["_INBOX.mqtt-alerter.8B2YZ3.*", "_INBOX.mqtt-alerter.>"],
  ["$JS.ACK.SENSE_EVENTS.mqtt-alerter.1.5.5.1735689600000000000.0", "$JS.ACK.SENSE_EVENTS.mqtt-alerter.>"],
  [
    "$JS.ACK._.ACC.SENSE_EVENTS.mqtt-alerter.1.5.5.1735689600000000000.0.rnd",
    "$JS.ACK._.ACC.SENSE_EVENTS.mqtt-alerter.>",
  ],
] as const) {
  test(`names ${pattern} as the permission that is missing`, () => {
    const options = { ...defaults, inboxPrefix };
    const expected = (verb: string) => `the server's permissions do not allow it: ${verb} ${pattern}`;
    const permission = { operation: "publish", subject };
    assert.equal(explainServerError("PERMISSIONS_VIOLATION", permission, options), expected("publish"));
    const message = `'Permissions Violation for Subscription to "${subject}"'`;
    const error = new NatsError(message, "PERMISSIONS_VIOLATION");
    assert.equal(explainNatsError(error, options), expected("subscribe"));
  });
}

for (const [login, settings] of [
  [{ credsFile: "/c" }, "NATS_CREDS_FILE"],
  [{ nkeySeed: "SU" }, "NATS_NKEY_SEED"],
  [{ token: "t" }, "NATS_TOKEN"],
  [{ user: "u", password: "p" }, "NATS_USER and NATS_PASSWORD"],
] as const) {
  test(`names ${settings} when that login is refused`, () => {
    for (const code of ["AUTHORIZATION_VIOLATION", "AUTHENTICATION_EXPIRED"]) {
      const reason = explainNatsError(new NatsError("no", code), { ...defaults, ...login });
      assert.equal(reason, `the server refused the login (check ${settings})`);
    }
  });
}

const overTls = { ...defaults, servers: ["tls://nats.example.com:4222"] };

for (const code of [
  "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE",
  "ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE",
  "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
  "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA",
  "ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED",
  "ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN",
]) {
  test(`knows ${code} for a client certificate that is refused`, () => {
    const reason = explainNatsError(Object.assign(new Error("error:0A00"), { code }), defaults);
    assert.match(reason, /wants another client certificate.*NATS_TLS_CERT_FILE and NATS_TLS_KEY_FILE/);
    const closed = new NatsError(
      "CONNECTION_REFUSED",
      "CONNECTION_REFUSED",
      new Error("node provided an undefined error!"),
    );
    const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
    // The alert may be lost on the way.
    for (const error of [closed, reset]) assert.equal(reason, explainNatsError(error, overTls));
  });
}

test("takes the words of an error that it does not know", () => {
  assert.equal(explainNatsError(new Error("no such thing"), defaults), "no such thing");
  assert.equal(explainNatsError(Object.assign(new Error("open /x"), { code: "EX" }), defaults), "EX: open /x");
  assert.equal(explainNatsError(Object.assign(new Error("EX: /x"), { code: "EX" }), defaults), "EX: /x");
  assert.equal(explainNatsError("odd", defaults), "odd");
});

test("tells a connection that nobody takes from one that is closed without a word", () => {
  const code = "CONNECTION_REFUSED";
  const refused = new NatsError(code, code, Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }));
  assert.match(explainNatsError(refused, defaults), /^nobody listens at that address/);
  const closed = new NatsError(code, code, new Error("node provided an undefined error!"));
  assert.match(explainNatsError(closed, defaults), /^the server closed the connection at once/);
  assert.match(explainNatsError(closed, overTls), /ended the TLS handshake: .*NATS_TLS_CERT_FILE.*NATS_TLS_FIRST/);
});

test("names the domain when no JetStream answers", () => {
  const error = new NatsError("503", "503");
  assert.match(explainNatsError(error, defaults), /^no JetStream answers there .*-js.*NATS_JETSTREAM_DOMAIN/);
  const withDomain = { ...defaults, jetStreamDomain: "hub" };
  assert.match(explainNatsError(error, withDomain), /^no JetStream of the domain hub answers there/);
});
