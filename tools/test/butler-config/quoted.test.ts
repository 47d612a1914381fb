import assert from "node:assert/strict";
import { test } from "node:test";
import { parseEnv } from "node:util";
import fc from "fast-check";
import { quoted } from "../../src/butler-config/quoted.js";

test("leaves a plain value as it is", () => {
  assert.equal(quoted("mqtt://broker.example.com:1883"), "mqtt://broker.example.com:1883");
});

test("puts a value into quotes that would lose its end or a variable", () => {
  assert.equal(quoted("qliksense/#"), "'qliksense/#'");
  assert.equal(quoted("a $HOME"), "'a $HOME'");
  assert.equal(quoted("it's"), '"it\'s"');
});

test("has no form for what cannot stand in one line or in quotes", () => {
  assert.equal(quoted("a\nB=1"), undefined);
  assert.equal(quoted("it's $HOME"), undefined);
});

test("writes what node reads back", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme-composite" }), (value) => {
      const written = quoted(value);
      if (written !== undefined) assert.equal(parseEnv(`A=${written}\nB=1\n`)["A"], value);
    }),
  );
});
