import assert from "node:assert/strict";
import { test } from "node:test";
import { createAttempts } from "../../src/mqtt/attempts.js";
import type { ConnectionEnd } from "../../src/mqtt/connection.js";

const one = { url: "mqtt://one", username: undefined, password: undefined };
const other = { url: "mqtt://other", username: undefined, password: undefined };

/** The attempts until each broker was tried in every form, as `host version will`. */
function formsAfter(end: Omit<ConnectionEnd, "accepted">, brokers: readonly [typeof one, ...(typeof one)[]] = [one]) {
  const attempts = createAttempts({ brokers, protocolVersion: "auto" }, () => true);
  const forms: string[] = [];
  for (let pauses = 0; pauses < brokers.length; ) {
    const attempt = attempts.next();
    const { broker, protocolVersion, will } = attempt;
    forms.push(`${broker.url.slice(7)} ${protocolVersion} ${will === undefined ? "no will" : `will ${will.qos}`}`);
    if (!attempts.failed(attempt, { ...end, accepted: false })) pauses++;
  }
  return forms;
}

test("tries MQTT 5 before 3.1.1, and both with the last will before without it, when the broker closes the connection", () => {
  assert.deepEqual(formsAfter({ cause: "closed" }), ["one 5 will 1", "one 4 will 1", "one 5 no will", "one 4 no will"]);
});

test("tries 3.1.1 when the broker rejects MQTT 5 or does not answer", () => {
  for (const end of [{ cause: "connack", code: 0x84 }, { cause: "no-connack" }, { cause: "invalid-packet" }] as const) {
    assert.deepEqual(formsAfter(end), ["one 5 will 1", "one 4 will 1"]);
  }
});

test("tries without the last will when the user is not authorized, and with less of it when the broker supports less", () => {
  for (const code of [0x87, 0x90]) {
    assert.deepEqual(formsAfter({ cause: "connack", code }), ["one 5 will 1", "one 5 no will"]);
  }
  assert.deepEqual(formsAfter({ cause: "connack", code: 0x9b }), ["one 5 will 1", "one 5 will 0", "one 5 no will"]);
});

test("tries the next broker when the network fails or the login is wrong", () => {
  for (const end of [
    { cause: "error", code: "ECONNREFUSED" },
    { cause: "connack", code: 0x86 },
  ] as const) {
    assert.deepEqual(formsAfter(end, [one, other]), ["one 5 will 1", "other 5 will 1"]);
  }
});

test("remembers the version that a broker accepted, for that broker", () => {
  const attempts = createAttempts({ brokers: [one, other], protocolVersion: "auto" }, () => true);
  const first = attempts.next();
  attempts.failed(first, { accepted: false, cause: "closed" });
  const second = attempts.next();
  attempts.accepted(second);
  assert.equal(attempts.next().protocolVersion, 4);
  assert.equal(attempts.failed(attempts.next(), { accepted: false, cause: "closed" }), false);
  assert.deepEqual([attempts.next().broker.url, attempts.next().protocolVersion], [other.url, 5]);
});
