import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  agoText,
  bytesText,
  durationText,
  escapeHtml,
  numberText,
  readableText,
} from "../../../src/http/status-page/text.js";

test("shows what cannot be seen and what turns the direction of text", () => {
  assert.equal(readableText("a\nb\u001b[31m\u007f"), "a␊b␛[31m␡");
  assert.equal(readableText("\u202egnp.exe\u2066\u200b\u0085"), "\\u{202e}gnp.exe\\u{2066}\\u{200b}\\u{85}");
  assert.equal(readableText("Försäljning – 日本 👩‍👧"), "Försäljning – 日本 👩‍👧");
});

test("cuts long text, and not in the midst of a character", () => {
  assert.equal(readableText("x".repeat(300)), "x".repeat(300));
  assert.equal(readableText("x".repeat(301)), `${"x".repeat(300)}…`);
  assert.equal(readableText(`${"x".repeat(299)}🤪🤪`), `${"x".repeat(299)}…`);
});

test("leaves nothing in any text that HTML or a terminal would take for more than text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
      const shown = escapeHtml(readableText(text));
      assert.doesNotMatch(shown, /[<>"']|&(?!#\d+;)|[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u);
      assert.ok(shown.length <= 300 * 10 + 1);
    }),
  );
});

test("gives numbers separators, and sizes and times their units", () => {
  assert.equal(numberText(1_234_567), "1,234,567");
  assert.deepEqual([0, 1_023, 212_992, 8_388_608, 2 ** 60].map(bytesText), [
    ...["0 B", "1,023 B", "208 KiB", "8 MiB"],
    "1,048,576 TiB",
  ]);
  assert.deepEqual([-120, 0, 12.4, 3_449, 25_000, 3_599_000, 3_600_000, 172_800_000].map(durationText), [
    ...["-120 ms", "0 ms", "12 ms", "3.4 s", "25 s", "59 min", "1 h", "2 d"],
  ]);
  assert.deepEqual([-5, 999, 1_000, 61_000].map(agoText), ["just now", "just now", "1 s ago", "1 min ago"]);
});
