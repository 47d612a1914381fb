import assert from "node:assert/strict";
import { test } from "node:test";
import { readAckSubject, storedKey } from "../../src/consumer/ack-subject.js";

/** What it tells, with the time to the microsecond: it is read to some hundred nanoseconds. */
function factsOf(reply: string): object | undefined {
  const facts = readAckSubject(reply);
  return facts && { ...facts, storedNs: Math.round(facts.storedNs / 1_000) };
}

const facts = { deliveries: 2, sequence: 17, storedNs: 1732350000123457, pending: 4 };
const numbers = "2.17.9.1732350000123456789.4";

test("reads the reply subject of nats-server up to 2.14", () => {
  assert.deepEqual(factsOf(`$JS.ACK.SENSE_EVENTS.mqtt-alerter.${numbers}`), facts);
});

test("reads the reply subject with domain and account", () => {
  assert.deepEqual(factsOf(`$JS.ACK.hub.ACCHASH.SENSE_EVENTS.mqtt-alerter.${numbers}`), facts);
});

test("reads the reply subject with domain, account and a random token at the end", () => {
  assert.deepEqual(factsOf(`$JS.ACK._.ACCHASH.SENSE_EVENTS.mqtt-alerter.${numbers}.x7Gh`), facts);
});

test("makes a key of the sequence and the time to the nanosecond", () => {
  assert.equal(storedKey(`$JS.ACK.S.C.${numbers}`), "17-1732350000123456789");
  assert.equal(storedKey(`$JS.ACK._.ACCHASH.S.C.${numbers}.x7Gh`), "17-1732350000123456789");
});

for (const reply of [
  undefined,
  "",
  "_INBOX.abc.1",
  "$JS.ACK",
  "$JS.ACK.",
  "$JS.ACK.S.C",
  "$JS.ACK.S.C.1.2.3",
  "$JS.ACK.S.C.1.2.3.4",
  "$JS.ACK.S.C.one.2.3.4.5",
  "$JS.ACK.S.C.1.2.3.4.many",
  "$JS.API.CONSUMER.MSG.NEXT.S.C.1.2.3",
]) {
  test(`takes ${reply === undefined ? "no reply" : `the reply ${JSON.stringify(reply)}`} for no delivery`, () => {
    assert.equal(readAckSubject(reply), undefined);
  });
}
