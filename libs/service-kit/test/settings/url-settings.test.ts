import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { loadSettings, url, urlList, withoutLogin } from "../../src/index.js";
import { refused } from "../fixtures/refused.js";

const spec = {
  BROKER: url({ protocols: ["mqtt", "mqtts"], default: "mqtt://localhost:1883", desc: "Broker" }),
};
const list = { SERVERS: urlList({ protocols: ["nats"], loginBelongsIn: "NATS_USER", desc: "Servers" }) };

test("takes a URL of an allowed protocol as it was given, a login included", () => {
  for (const given of ["mqtt://broker", "mqtts://user:p%40ss@broker:8883", "MQTT://[::1]:1883/"]) {
    assert.equal(loadSettings(spec, { BROKER: ` ${given} ` }).BROKER, given);
  }
});

test("names the allowed protocols for any other", () => {
  assert.match(
    refused(spec, { BROKER: "http://broker" }).message,
    /BROKER: must be a URL that starts with mqtt:\/\/ or mqtts:\/\/, not with http:\/\/\. Example: BROKER=mqtt:\/\/localhost:1883$/,
  );
  for (const given of [
    "broker:1883",
    "broker",
    "mqtt:broker",
    "mqtt://",
    "mqtt://user:12/3@broker",
    "mqtt://:1883",
    "mqtt://broker:99999",
  ]) {
    assert.match(refused(spec, { BROKER: given }).message, /BROKER: must be a URL/, given);
  }
});

test("shows no part of a login in a URL that it refuses", () => {
  const login = fc.stringMatching(/^[a-z0-9/?#@:%-]{4,20}$/);
  const given = fc.tuple(fc.constantFrom("http://", "mqtt://", "mqtt:", ""), login, login);
  fc.assert(
    fc.property(given, ([protocol, user, password]) => {
      const [name, secret] = [`Q7-${user}`, `Q8-${password}`];
      const { message } = refused(spec, { BROKER: `${protocol}${name}:${secret}@host:port` });
      assert.ok(!message.includes("Q7") && !message.includes("Q8"), message);
    }),
  );
});

test("reads a list of URLs and says which entry is wrong", () => {
  assert.deepEqual(loadSettings(list, { SERVERS: "nats://a:4222, nats://b" }).SERVERS, ["nats://a:4222", "nats://b"]);
  assert.match(refused(list, { SERVERS: "nats://a,http://b" }).message, /not with http:\/\/ \(entry 2 of 2\)/);
});

test("refuses a login in a URL where it belongs in a setting of its own", () => {
  for (const login of ["user:hunter2", "hunter2", ":hunter2"]) {
    const { message } = refused(list, { SERVERS: `nats://${login}@a` });
    assert.match(message, /SERVERS: must not hold a user or password; set NATS_USER\.$/);
  }
});

test("leaves login and query out of a URL for a log line", () => {
  assert.equal(withoutLogin("mqtt://user:pass@broker:1883"), "mqtt://broker:1883");
  assert.equal(withoutLogin("wss://user@broker/mqtt?token=hunter2#x"), "wss://broker/mqtt");
  assert.equal(withoutLogin("user:pass@broker with blanks://"), "(not a URL)");
  assert.equal(withoutLogin("mqtt://user:12/3@broker"), "(not a URL)");
});
