import assert from "node:assert/strict";
import { test } from "node:test";
import { type AnswerCacheOptions, createAnswerCache } from "../../src/qrs/answer-cache.js";
import { createTurns, NotAskedError } from "../../src/qrs/turns.js";

/** A cache over answers that count themselves: `a1` is the first answer about a. */
function startCache(options: Partial<AnswerCacheOptions<string>> = {}) {
  const asked: string[] = [];
  const clock = { nowMs: 0 };
  const cache = createAnswerCache<string>({
    ask: async (id) => {
      asked.push(id);
      return `${id}${asked.filter((one) => one === id).length}`;
    },
    turns: createTurns(1),
    keepMs: 1_000,
    mostKept: 2,
    nowMs: () => clock.nowMs,
    ...options,
  });
  return { cache, asked, clock };
}

const ever = Number.POSITIVE_INFINITY;

test("asks once for what is asked for at once, in any case of letters", async () => {
  const { cache, asked } = startCache();
  const answers = await Promise.all(["a", "A", "a", "b"].map((id) => cache.get(id, ever)));
  assert.deepEqual(answers, ["a1", "a1", "a1", "b1"]);
  assert.deepEqual(asked, ["a", "b"]);
});

test("keeps an answer for its time, and asks anew after it", async () => {
  const { cache, asked, clock } = startCache();
  assert.equal(cache.known("a"), undefined);
  await cache.get("a", ever);
  clock.nowMs = 999;
  assert.deepEqual([await cache.get("a", ever), cache.known("A")], ["a1", "a1"]);
  clock.nowMs = 1_000;
  assert.equal(cache.known("a"), undefined);
  assert.equal(await cache.get("a", ever), "a2");
  assert.equal(asked.length, 2);
});

test("keeps nothing with a time of 0", async () => {
  const { cache } = startCache({ keepMs: 0 });
  await cache.get("a", ever);
  assert.equal(await cache.get("a", ever), "a2");
});

test("keeps that there is no such thing for ten seconds at most", async () => {
  let asked = 0;
  const { cache, clock } = startCache({ keepMs: 300_000, ask: async () => void asked++ });
  await cache.get("a", ever);
  clock.nowMs = 9_999;
  assert.equal(await cache.get("a", ever), undefined);
  assert.equal(asked, 1);
  clock.nowMs = 10_000;
  await cache.get("a", ever);
  assert.equal(asked, 2);
});

test("forgets what was not used for the longest time first", async () => {
  const { cache, asked } = startCache();
  for (const id of ["a", "b", "a", "c", "a", "b"]) await cache.get(id, ever);
  assert.deepEqual(asked, ["a", "b", "c", "b"]);
});

test("keeps no failure, and tells it to all who asked", async () => {
  let failures = 1;
  const { cache } = startCache({
    ask: (id) => (failures-- > 0 ? Promise.reject(new Error("no")) : Promise.resolve(id)),
  });
  const both = await Promise.allSettled([cache.get("a", ever), cache.get("a", ever)]);
  assert.deepEqual(
    both.map(({ status }) => status),
    ["rejected", "rejected"],
  );
  assert.equal(await cache.get("a", ever), "a");
});

test("asks as long as one of those who asked still waits when the turn comes", async () => {
  for (const [secondUntilMs, isAsked] of [
    [10, false],
    [100, true],
  ] as const) {
    const turns = createTurns(1);
    const { cache, asked, clock } = startCache({ turns });
    let free = () => {};
    const taken = turns.take(
      () => new Promise<void>((resolve) => (free = resolve)),
      () => true,
    );
    await Promise.resolve();
    const answers = Promise.allSettled([cache.get("a", 10), cache.get("a", secondUntilMs)]);
    await Promise.resolve();
    clock.nowMs = 50;
    free();
    await taken;
    const [first] = await answers;
    assert.equal(asked.length, isAsked ? 1 : 0);
    if (!isAsked) assert.ok(first.status === "rejected" && first.reason instanceof NotAskedError);
  }
});
