import assert from "node:assert/strict";
import { test } from "node:test";
import { createNews } from "../../src/connection/news.js";

test("says that a text is news once, also when two take turns", () => {
  const news = createNews();
  assert.deepEqual(
    ["a", "b", "a", "b", "a"].map((text) => news.has(text)),
    [true, true, false, false, false],
  );
});

test("says it again when it was told to forget, and after a while", () => {
  const news = createNews();
  news.has("a");
  news.forget();
  assert(news.has("a"));
  const forgetful = createNews(0);
  assert(forgetful.has("a") && forgetful.has("a"));
});

test("does not remember every text there ever was", () => {
  const news = createNews();
  for (let n = 0; n < 1_000; n++) assert(news.has(`text ${n}`));
  assert(news.has("text 0"));
});
