import assert from "node:assert/strict";
import { test } from "node:test";
import { readDeliverySubject } from "../../src/consumer/delivery-subject.js";

const facts = {
  key: "17-1732350000123456789",
  storedNs: 1_732_350_000_123_456_800,
  deliveries: 2,
  sequence: 17,
  pending: 4,
};
const numbers = "2.17.9.1732350000123456789.4";

for (const [form, reply] of [
  ["nats-server up to 2.14", `$JS.ACK.SENSE_EVENTS.mqtt-alerter-basic.${numbers}`],
  ["a domain and an account", `$JS.ACK.hub.ACCHASH.SENSE_EVENTS.mqtt-alerter-basic.${numbers}`],
  ["a domain, an account and a random token at the end", `$JS.ACK._.ACCHASH.SENSE_EVENTS.mqtt-alerter.${numbers}.x7Gh`],
] as const) {
  test(`reads the reply subject of ${form}`, () => {
    assert.deepEqual(readDeliverySubject(reply), facts);
  });
}

test("tells two messages apart that were stored at the same clock reading, and two of one sequence", () => {
  const keys = ["1.17.9.1732350000123456789.4", "1.18.9.1732350000123456789.4", "1.17.9.1732350000123456790.4"].map(
    (end) => readDeliverySubject(`$JS.ACK.S.C.${end}`)?.key,
  );
  assert.equal(new Set(keys).size, 3);
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
    assert.equal(readDeliverySubject(reply), undefined);
  });
}
