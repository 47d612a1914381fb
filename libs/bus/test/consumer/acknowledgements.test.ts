import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { createAcknowledgements } from "../../src/consumer/acknowledgements.js";

function acknowledgementsAt(t: TestContext, mostTogether = 10) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const sent: string[] = [];
  const acknowledgements = createAcknowledgements<{ readonly reply: string }>((subject, payload, reply) => {
    sent.push(`${subject} ${Buffer.from(payload)}${reply === undefined ? "" : ` ${reply}`}`);
  }, mostTogether);
  acknowledgements.opened("inbox.");
  const add = (...replies: string[]) => {
    for (const reply of replies) acknowledgements.add({ reply });
  };
  const confirmed = (subject: string) => acknowledgements.confirmed(subject).map(({ reply }) => reply);
  const wait = (ms = 10) => t.mock.timers.tick(ms);
  return { acknowledgements, sent, add, confirmed, wait };
}

test("acknowledges what was added within 10 ms together, and asks for one answer behind the last", (t) => {
  const { sent, add, wait } = acknowledgementsAt(t);
  add("a", "b", "c");
  wait(9);
  assert.deepEqual(sent, []);
  wait(1);
  assert.deepEqual(sent, ["a +ACK", "b +ACK", "c +ACK inbox.1"]);
});

test("takes an answer as the word for all that was sent before it", (t) => {
  const { add, confirmed, wait } = acknowledgementsAt(t);
  add("a", "b");
  wait();
  add("c");
  wait();
  add("d");
  wait();
  assert.deepEqual(confirmed("inbox.2"), ["a", "b", "c"]);
  assert.deepEqual(confirmed("inbox.2"), []);
  assert.deepEqual(confirmed("inbox.3"), ["d"]);
});

test("takes nothing for confirmed of what was sent on a former connection", (t) => {
  const { acknowledgements, add, confirmed, wait } = acknowledgementsAt(t);
  add("a");
  wait();
  acknowledgements.opened("other.");
  add("b");
  wait();
  assert.deepEqual(confirmed("other.2"), ["b"]);
});

test("sends at once what it is told to flush, and nothing twice", (t) => {
  const { acknowledgements, sent, add, wait } = acknowledgementsAt(t);
  add("a");
  acknowledgements.flush();
  wait();
  assert.deepEqual(sent, ["a +ACK inbox.1"]);
});

test("does not remember without end what is never answered", (t) => {
  const { acknowledgements, confirmed } = acknowledgementsAt(t);
  for (let count = 1; count <= 1_500; count++) {
    acknowledgements.add({ reply: String(count) });
    acknowledgements.flush();
  }
  assert.equal(confirmed("inbox.1500").length, 1_000);
});

test("waits no longer when there are as many as may go together", (t) => {
  const { sent, add } = acknowledgementsAt(t, 2);
  add("a", "b", "c");
  assert.deepEqual(sent, ["a +ACK", "b +ACK inbox.1"]);
});
