import assert from "node:assert/strict";
import { test } from "node:test";
import { table } from "../src/markdown.js";

test("keeps what a cell says: bars, angle brackets outside of code, line breaks", () => {
  assert.equal(
    table(["a", "b"], [["x | y", "<name>\n of `<code>`"]]),
    "| a | b |\n|---|---|\n| x \\| y | \\<name> of `<code>` |\n",
  );
});
