import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { createAcknowledgements } from "../src/acknowledgements.js";

function acknowledgementsAt() {
  const sent: string[] = [];
  const acknowledgements = createAcknowledgements<{ readonly reply: string }>((subject, payload, reply) =>
    sent.push(`${subject} ${payload}${reply === undefined ? "" : ` ${reply}`}`),
  );
  acknowledgements.opened("inbox.");
  const add = (...replies: string[]) => {
    for (const reply of replies) acknowledgements.add({ reply });
  };
  const confirmed = (subject: string) => acknowledgements.confirmed(subject).map(({ reply }) => reply);
  return { acknowledgements, sent, add, confirmed };
}

test("acknowledges what was added in one turn together, and asks for one answer behind the last", async () => {
  const { sent, add } = acknowledgementsAt();
  add("a", "b", "c");
  assert.deepEqual(sent, []);
  await turn();
  assert.deepEqual(sent, ["a +ACK", "b +ACK", "c +ACK inbox.1"]);
});

test("takes an answer as the word for all that was sent before it", async () => {
  const { add, confirmed } = acknowledgementsAt();
  add("a", "b");
  await turn();
  add("c");
  await turn();
  add("d");
  await turn();
  assert.deepEqual(confirmed("inbox.2"), ["a", "b", "c"]);
  assert.deepEqual(confirmed("inbox.2"), []);
  assert.deepEqual(confirmed("inbox.3"), ["d"]);
});

test("takes nothing for confirmed of what was sent on a former connection", async () => {
  const { acknowledgements, add, confirmed } = acknowledgementsAt();
  add("a");
  await turn();
  acknowledgements.opened("other.");
  add("b");
  await turn();
  assert.deepEqual(confirmed("other.2"), ["b"]);
});

test("sends at once what it is told to flush, and nothing twice", async () => {
  const { acknowledgements, sent, add } = acknowledgementsAt();
  add("a");
  acknowledgements.flush();
  await turn();
  assert.deepEqual(sent, ["a +ACK inbox.1"]);
});

test("does not remember without end what is never answered", async () => {
  const { acknowledgements, confirmed } = acknowledgementsAt();
  for (let count = 1; count <= 1_500; count++) {
    acknowledgements.add({ reply: String(count) });
    acknowledgements.flush();
  }
  assert.equal(confirmed("inbox.1500").length, 1_000);
});
