import assert from "node:assert/strict";
import { test } from "node:test";
import { shown, shownJson } from "../src/terminal.js";

test("shows text as it is, and in escapes what a terminal would obey or not show", () => {
  assert.equal(shown("Läs försäljning – 日本 🤪"), "Läs försäljning – 日本 🤪");
  assert.equal(shown("a\r\n\tb"), "a\\r\\n\\tb");
  assert.equal(shown("\u001b[2J\u0000\u007f\u009b"), "\\x1b[2J\\x00\\x7f\\x9b");
  assert.equal(shown("\u202eabc\u2028\ufeff\ud800\u{e0041}"), "\\u{202e}abc\\u{2028}\\u{feff}\\u{d800}\\u{e0041}");
});

test("shows bytes that are no UTF-8 by their numbers", () => {
  assert.equal(shown(Buffer.from([0x41, 0xff, 0x1b, 0x9b])), "A\\xff\\x1b\\x9b");
  assert.equal(shown(Buffer.from("\ufeffå")), "\\u{feff}å");
});

test("writes such characters into JSON so that it still says the same", () => {
  const value = { a: "\u001b[2J\u009b\u202e\u2028\u{e0041} å" };
  const json = shownJson(JSON.stringify(value));
  assert.match(json, /^[\x20-\x7eå]+$/);
  assert.deepEqual(JSON.parse(json), value);
});
