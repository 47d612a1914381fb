import assert from "node:assert/strict";
import { test } from "node:test";
import { createTextReader, isUsableFallbackEncoding } from "../../src/datagram/text.js";
import { anchors, taskEvent } from "./examples.js";

/** One field in hexadecimal, behind another that is no UTF-8, so that the datagram as a whole is none. */
function decode(hex: string, fallbackEncoding = "windows-1252"): string {
  const field = Buffer.from(hex.replaceAll(" ", ""), "hex");
  const datagram = Buffer.concat([Buffer.from([0xff, 0x3b]), field]);
  return createTextReader(fallbackEncoding)(datagram)(2, datagram.length);
}

const table = [
  ["ASCII as it is", "windows-1252", "66 6f 6f", "foo"],
  ["UTF-8 as UTF-8, although another field is none", "windows-1252", "c3 a5 e6 97 a5 f0 9f a4 aa", "å日🤪"],
  ["windows-1252 in the fallback", "windows-1252", "66 f6 72 73 e4 6c 6a", "försälj"],
  ["dashes, quotes and the euro sign of windows-1252", "windows-1252", "80 93 61 94 20 96 20 92", "€“a” – ’"],
  ["windows-1251 with an accidental UTF-8 pair whole in the fallback", "windows-1251", "ab cf cb c0 cd bb", "«ПЛАН»"],
  ["a stray byte in UTF-8 in the fallback, the rest as UTF-8", "windows-1252", "c3 a5 e5 c3 a4", "ååä"],
  ["a stray byte at the very end of UTF-8", "windows-1252", "c3 a5 c3 a4 c3", "åäÃ"],
  ["one valid sequence and one stray byte as UTF-8 with a stray byte", "windows-1252", "c3 a5 ff", "åÿ"],
  ["one valid sequence and two stray bytes whole in the fallback", "windows-1252", "c3 a5 ff ff", "Ã¥ÿÿ"],
  ["an overlong form in the fallback", "windows-1252", "c0 af", "À¯"],
  ["an overlong form of three bytes in the fallback", "windows-1252", "e0 80 80", "à€€"],
  ["an overlong form of four bytes in the fallback", "windows-1252", "f0 80 80 80", "ð€€€"],
  ["a lead byte where a third byte should be in the fallback", "windows-1252", "e6 97 e5", "æ—å"],
  ["a surrogate in the fallback", "windows-1252", "ed a0 bd", "í\u00a0½"],
  ["a code point past the last in the fallback", "windows-1252", "f4 90 80 80", "ô\u0090€€"],
  ["a sequence cut off in the fallback", "windows-1252", "e6 97", "æ—"],
  ["Japanese in the fallback", "shift_jis", "93 fa 96 7b", "日本"],
  ["a character from two stray bytes amid UTF-8", "shift_jis", "e6 97 a5 e6 9c ac 2d 93 fa", "日本-日"],
  ["a byte order mark inside the text as it is", "windows-1252", "61 ef bb bf 62", "a\ufeffb"],
  ["the replacement character, sent as such, as it is", "windows-1252", "61 ef bf bd", "a\ufffd"],
  ["what is no UTF-8 as replacement characters, should the fallback be UTF-8", "utf-8", "66 f6 72", "f\ufffdr"],
  [
    "a byte order mark amid what is no UTF-8, should the fallback be UTF-8",
    "utf-8",
    "ef bb bf ff ff",
    "\ufeff\ufffd\ufffd",
  ],
] as const;

for (const [what, fallbackEncoding, hex, text] of table) {
  test(`reads ${what}`, () => {
    assert.equal(decode(hex, fallbackEncoding), text);
  });
}

test("reads each byte of windows-1252 as the character that Windows has for it", () => {
  const specials = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ";
  for (const label of ["windows-1252", "cp1252", "latin1"]) {
    // Byte by byte: neighbours could make a valid UTF-8 sequence.
    for (let byte = 0x80; byte <= 0xff; byte++) {
      const expected = byte < 0xa0 ? specials.charAt(byte - 0x80) : String.fromCharCode(byte);
      assert.equal(decode(byte.toString(16), label), expected, `${label} ${byte.toString(16)}`);
    }
  }
});

test("reads the names of an ANSI appender, and finds the same anchors behind them", () => {
  const datagram = Buffer.from(
    `/scheduler-task-failed/;srv;Reload försäljning;Übersicht;LAB\\göran;${anchors}slut å`,
    "latin1",
  );
  const { data } = taskEvent(datagram);
  assert.deepEqual([data.taskName, data.appName, data.user], ["Reload försäljning", "Übersicht", "LAB\\göran"]);
  assert.equal(data.logMessage, "slut å");
});

test("reads each name by itself, but names with a further semicolon between them as one text", () => {
  const head = Buffer.from("/scheduler-task-failed/;srv;");
  const ansi = Buffer.from("å", "latin1");
  const rest = Buffer.from(`;ååå;LAB\\goran;${anchors}M`);
  const exact = taskEvent(Buffer.concat([head, ansi, rest])).data;
  assert.deepEqual([exact.taskName, exact.appName], ["å", "ååå"]);
  const ambiguous = taskEvent(Buffer.concat([head, Buffer.from("x;"), ansi, rest])).data;
  assert.equal(ambiguous.rawNames, "x;å;ååå");
});

test("takes any encoding for a fallback that Node knows and that leaves ASCII as it is", () => {
  for (const label of ["windows-1252", "windows-1251", "latin1", "utf-8", "shift_jis", "gb18030", "euc-kr", "KOI8-R"]) {
    assert.equal(isUsableFallbackEncoding(label), true, label);
  }
});

test("takes no encoding for a fallback in which ASCII bytes mean something else, nor one that does not exist", () => {
  for (const label of [
    "utf-16",
    "utf-16le",
    "utf-16be",
    "iso-2022-jp",
    "iso-2022-kr",
    "klingon",
    "",
    "windows-12520",
  ]) {
    assert.equal(isUsableFallbackEncoding(label), false, label);
  }
});
