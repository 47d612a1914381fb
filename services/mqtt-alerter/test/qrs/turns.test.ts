import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { createTurns, NotAskedError } from "../../src/qrs/turns.js";

/** Questions that are answered when the test says. */
function questions() {
  const begun: string[] = [];
  const answers = new Map<string, () => void>();
  const ask = (name: string) => (): Promise<string> => {
    begun.push(name);
    return new Promise((resolve) => answers.set(name, () => resolve(name)));
  };
  return { begun, ask, answer: (name: string) => answers.get(name)?.() };
}

const always = () => true;

test("lets so many be asked at a time, the others in the order they came", async () => {
  const turns = createTurns(2);
  const { begun, ask, answer } = questions();
  const all = ["a", "b", "c", "d"].map((name) => turns.take(ask(name), always));
  await setImmediate();
  assert.deepEqual(begun, ["a", "b"]);
  answer("b");
  await setImmediate();
  assert.deepEqual(begun, ["a", "b", "c"]);
  for (const name of ["a", "c"]) answer(name);
  await setImmediate();
  answer("d");
  assert.deepEqual(await Promise.all(all), ["a", "b", "c", "d"]);
});

test("gives the turn back when a question fails", async () => {
  const turns = createTurns(1);
  await assert.rejects(
    turns.take(() => Promise.reject(new Error("no")), always),
    /no/,
  );
  assert.equal(await turns.take(() => Promise.resolve(1), always), 1);
});

test("does not ask what nobody wants any more, and goes on with the next", async () => {
  const turns = createTurns(1);
  const { begun, ask, answer } = questions();
  let wanted = true;
  const first = turns.take(ask("a"), always);
  const given = turns.take(ask("b"), () => wanted);
  const last = turns.take(ask("c"), always);
  wanted = false;
  await setImmediate();
  answer("a");
  await assert.rejects(given, NotAskedError);
  await setImmediate();
  answer("c");
  await Promise.all([first, last]);
  assert.deepEqual(begun, ["a", "c"]);
});

test("lets all who wait go on at a release, and those before it take no turn any more", async () => {
  const turns = createTurns(1);
  const { begun, ask, answer } = questions();
  const hung = turns.take(ask("hung"), always);
  const waiting = ["a", "b"].map((name) => turns.take(ask(name), always));
  await setImmediate();
  turns.release();
  await setImmediate();
  assert.deepEqual(begun, ["hung", "a", "b"]);
  for (const name of ["a", "b"]) answer(name);
  await Promise.all(waiting);
  const next = ["c", "d"].map((name) => turns.take(ask(name), always));
  answer("hung");
  await hung;
  await setImmediate();
  assert.deepEqual(begun, ["hung", "a", "b", "c"]);
  answer("c");
  await setImmediate();
  answer("d");
  await Promise.all(next);
});
