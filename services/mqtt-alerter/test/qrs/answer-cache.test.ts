import assert from "node:assert/strict";
import { test } from "node:test";
import { type AnswerCacheOptions, createAnswerCache } from "../../src/qrs/answer-cache.js";

/** A cache over answers that count themselves: `a1` is the first answer about a. */
function startCache(options: Partial<AnswerCacheOptions<string>> = {}) {
  const asked: string[] = [];
  const clock = { nowMs: 1 };
  const cache = createAnswerCache<string>({
    ask: async (id) => {
      asked.push(id);
      return `${id}${asked.filter((one) => one === id).length}`;
    },
    keepMs: 1_000,
    mostKept: 2,
    nowMs: () => clock.nowMs,
    ...options,
  });
  return { cache, asked, clock };
}

test("asks once for what is asked for at once, in any case of letters", async () => {
  const { cache, asked } = startCache();
  const answers = await Promise.all(["a", "A", "a", "b"].map((id) => cache.get(id)));
  assert.deepEqual(answers, ["a1", "a1", "a1", "b1"]);
  assert.deepEqual(asked, ["a", "b"]);
});

test("keeps an answer for its time, and asks anew after it", async () => {
  const { cache, asked, clock } = startCache();
  assert.equal(cache.known("a"), undefined);
  await cache.get("a");
  clock.nowMs = 1_000;
  assert.deepEqual([await cache.get("a"), cache.known("A")], ["a1", "a1"]);
  clock.nowMs = 1_002;
  assert.equal(cache.known("a"), undefined);
  assert.equal(await cache.get("a"), "a2");
  assert.equal(asked.length, 2);
});

test("keeps nothing with a time of 0", async () => {
  const { cache, clock } = startCache({ keepMs: 0 });
  await cache.get("a");
  clock.nowMs += 2;
  assert.equal(await cache.get("a"), "a2");
});

test("keeps that there is no such thing for ten seconds at most", async () => {
  let asked = 0;
  const { cache, clock } = startCache({ keepMs: 300_000, ask: async () => void asked++ });
  await cache.get("a");
  clock.nowMs = 10_000;
  assert.equal(await cache.get("a"), undefined);
  assert.equal(asked, 1);
  clock.nowMs = 10_002;
  await cache.get("a");
  assert.equal(asked, 2);
});

test("forgets what was not used for the longest time first", async () => {
  const { cache, asked } = startCache();
  for (const id of ["a", "b", "a", "c", "a", "b"]) await cache.get(id);
  assert.deepEqual(asked, ["a", "b", "c", "b"]);
});

test("keeps no failure, and tells it to all who asked", async () => {
  let failures = 1;
  const { cache } = startCache({
    ask: (id) => (failures-- > 0 ? Promise.reject(new Error("no")) : Promise.resolve(id)),
  });
  const both = await Promise.allSettled([cache.get("a"), cache.get("a")]);
  assert.deepEqual(
    both.map(({ status }) => status),
    ["rejected", "rejected"],
  );
  assert.equal(await cache.get("a"), "a");
});

test("gives every answer that is waited for, also beyond what is kept", async () => {
  const { cache } = startCache();
  const ids = ["a", "b", "c", "d"];
  assert.deepEqual(await Promise.all(ids.map((id) => cache.get(id))), ["a1", "b1", "c1", "d1"]);
});
