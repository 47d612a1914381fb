import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "@sense-alerts/test-kit";
import { createAcks } from "../../src/consumer/acks.js";

const inbox = "_INBOX.test.";
const first = { sequence: 1, key: "1-10" };
const second = { sequence: 2, key: "2-20" };
type Sent = { readonly subject: string; readonly reply: string };

function startAcks() {
  const sent: Sent[] = [];
  let changes = 0;
  const acks = createAcks(
    inbox,
    (subject, payload, reply) => {
      assert.equal(Buffer.from(payload).toString(), "+ACK");
      sent.push({ subject, reply });
    },
    () => changes++,
  );
  return { acks, sent, changes: () => changes };
}

test("asks for a confirmation of each acknowledgement, and is done with exactly the one that is confirmed", () => {
  const { acks, sent, changes } = startAcks();
  acks.add(first, "$JS.ACK.a");
  acks.add(second, "$JS.ACK.b");
  assert.deepEqual(sent, []);
  acks.flush();
  assert.deepEqual(sent, [
    { subject: "$JS.ACK.a", reply: `${inbox}1-10` },
    { subject: "$JS.ACK.b", reply: `${inbox}2-20` },
  ]);
  acks.answered(`${inbox}2-20`, false);
  assert.deepEqual([acks.size(), changes()], [1, 1]);
  acks.answered(`${inbox}2-20`, false);
  assert.deepEqual([acks.size(), changes()], [1, 1]);
});

test("confirms nothing when nobody takes acknowledgements, and sends that one again soon", () => {
  const { acks, sent } = startAcks();
  acks.add(first, "$JS.ACK.a");
  acks.add(second, "$JS.ACK.b");
  acks.flush();
  const nowMs = performance.now();
  acks.answered(`${inbox}1-10`, true);
  assert.equal(acks.size(), 2);
  acks.sweep(nowMs + 300);
  assert.deepEqual(sent.slice(2), [{ subject: "$JS.ACK.a", reply: `${inbox}1-10` }]);
});

test("sends again what is not confirmed within 0.4 s, and all of it on a new connection", () => {
  const { acks, sent } = startAcks();
  acks.add(first, "$JS.ACK.a");
  acks.flush();
  acks.sweep(performance.now() + 300);
  assert.equal(sent.length, 1);
  acks.sweep(performance.now() + 500);
  assert.equal(sent.length, 2);
  acks.resend();
  assert.equal(sent.length, 3);
});

test("sends again what was confirmed last after an interruption, until that is confirmed, and for 5 s at most", () => {
  const { acks, sent } = startAcks();
  acks.add(first, "$JS.ACK.a");
  acks.add(second, "$JS.ACK.b");
  acks.flush();
  for (const { key } of [first, second]) acks.answered(inbox + key, false);
  acks.resend();
  assert.deepEqual([acks.size(), sent.length], [0, 4]);
  acks.answered(`${inbox}1-10`, false);
  const nowMs = performance.now();
  assert.equal(acks.sweep(nowMs + 500), nowMs + 500, "none counts as unconfirmed");
  assert.deepEqual(sent.slice(4), [{ subject: "$JS.ACK.b", reply: `${inbox}2-20` }]);
  acks.sweep(nowMs + 6_000);
  acks.sweep(nowMs + 7_000);
  assert.equal(sent.length, 6);
  acks.resend();
  assert.equal(sent.length, 8, "both again after the next interruption");
});

test("does not send again all that was ever confirmed", () => {
  const { acks, sent } = startAcks();
  for (let sequence = 1; sequence <= 20_000; sequence++) {
    acks.add({ sequence, key: `${sequence}-1` }, "$JS.ACK.a");
    acks.flush();
    acks.answered(`${inbox}${sequence}-1`, false);
  }
  acks.resend();
  assert.ok(sent.length > 20_000 && sent.length <= 20_000 + 4_096, `${sent.length}`);
});

test("uses the reply subject of the latest delivery", () => {
  const { acks, sent } = startAcks();
  acks.add(first, "$JS.ACK.first");
  acks.flush();
  acks.add(first, "$JS.ACK.second");
  acks.flush();
  acks.resend();
  assert.deepEqual(
    sent.map(({ subject }) => subject),
    ["$JS.ACK.first", "$JS.ACK.second", "$JS.ACK.second"],
  );
  assert.equal(acks.size(), 1);
});

test("forgets what NATS does not confirm at all, and waits for no more than 10,000", () => {
  const { acks } = startAcks();
  for (let sequence = 1; sequence <= 10_002; sequence++) acks.add({ sequence, key: `${sequence}-1` }, "$JS.ACK.a");
  assert.equal(acks.size(), 10_000);
  acks.sweep(performance.now() + 31_000);
  assert.equal(acks.size(), 0);
});

test("sends what comes within 10 ms together", async () => {
  const { acks, sent } = startAcks();
  acks.add(first, "$JS.ACK.a");
  acks.add(second, "$JS.ACK.b");
  await eventually(() => assert.equal(sent.length, 2));
});
