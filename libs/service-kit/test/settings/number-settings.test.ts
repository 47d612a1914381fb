import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bytes, loadSettings, wholeNumber } from "../../src/index.js";
import { refused } from "../fixtures/refused.js";

const port = { PORT: wholeNumber({ min: 0, max: 65535, desc: "Port" }) };

test("reads every whole number of the range in decimal digits", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 65535 }), (value) => {
      assert.equal(loadSettings(port, { PORT: ` ${value}\n` }).PORT, value);
    }),
  );
});

test("refuses every whole number outside the range", () => {
  const outside = fc.oneof(
    fc.maxSafeInteger().filter((value) => value < 0 || value > 65535),
    fc.bigInt({ min: 65536n }),
  );
  fc.assert(
    fc.property(outside, (value) => {
      assert.match(refused(port, { PORT: String(value) }).message, /PORT: must be a whole number from 0 to 65535/);
    }),
  );
});

test("refuses what merely begins like a number or is written in another way", () => {
  for (const text of [
    "10abc",
    "1e3",
    "1.5",
    "1.0",
    "0x10",
    "+5",
    "-0",
    "007",
    "1_000",
    "1 000",
    "Infinity",
    "NaN",
    "٣",
  ]) {
    assert.equal(refused(port, { PORT: text }).problems.length, 1, text);
  }
});

test("refuses a number that a number cannot hold exactly", () => {
  const size = { SIZE: bytes({ min: 1, desc: "Size" }) };
  assert.equal(loadSettings(size, { SIZE: "9007199254740991" }).SIZE, Number.MAX_SAFE_INTEGER);
  assert.match(
    refused(size, { SIZE: "9007199254740993" }).message,
    /SIZE: must be a whole number of bytes of at least 1 \(got "9007199254740993"\)/,
  );
});
