import assert from "node:assert/strict";
import { test } from "node:test";
import { readButlerFile } from "../../src/butler-config/butler-file.js";

const read = (text: string) => readButlerFile(Buffer.from(text));

function problemOf(text: string | Uint8Array): string {
  const reading = readButlerFile(typeof text === "string" ? Buffer.from(text) : text);
  assert.equal(reading.ok, false);
  return reading.ok ? "" : reading.problem;
}

function linesOf(text: string): Readonly<Record<string, number | undefined>> {
  const reading = read(text);
  assert.ok(reading.ok);
  return Object.fromEntries([...reading.file].map(([path, { line }]) => [path, line]));
}

test("finds every key and section below Butler, with its line", () => {
  const lines = linesOf(
    '---\n# comment\nButler:\r\n  logLevel: info\r\n  mqttConfig:\n    "a.b": 1\n    list: [{ x: 1 }]\n',
  );
  assert.deepEqual(lines, { logLevel: 4, mqttConfig: 5, 'mqttConfig."a.b"': 6, "mqttConfig.list": 7 });
});

test("fills in aliases and merges, whose keys have no line of their own", () => {
  const lines = linesOf("base: &base { port: 1 }\nButler:\n  a: { <<: *base }\n  b: *base\n");
  assert.deepEqual(lines, { a: 3, "a.port": undefined, b: 4, "b.port": undefined });
});

test("takes a byte order mark for none, and JSON for YAML", () => {
  assert.deepEqual(linesOf('\uFEFF{"Butler": {"logLevel": "info"}}'), { logLevel: 1 });
});

for (const [name, text, problem] of [
  ["a tab", "Butler:\n\tpassword: sesame", /line 2, at column 1, .*tab.*\(TAB_AS_INDENT\)/],
  ["a key given twice", "Butler:\n  password: x\n  password: sesame", /line 3, .* has already/],
  ["a colon in a plain value", "Butler:\n  password: a: sesame", /line 2, .*quotes/],
  ["a quote that does not close", 'Butler:\n  password: "sesame', /line 2, .*closing quote/],
  ["a Windows path in double quotes", 'Butler:\n  password: "C:\\sesame"', /single quotes around a Windows path/],
  ["an indentation that wavers", "Butler:\n    password: sesame\n  port: 1\n a: 1", /is not valid YAML: line/],
  ["two documents", "Butler:\n  password: sesame\n---\nx: 1\n", /second document/],
  ["an alias that leads nowhere", "Butler:\n  password: *sesame", /\*name/],
  ["brackets without end", `Butler: ${"[".repeat(1_000)}`, /is not valid YAML/],
  ["no file of Butler", "services:\n  password: sesame", /no section Butler .*: give the production.yaml/],
  ["Butler SOS", "Butler-SOS:\n  password: sesame", /Butler SOS, another program/],
  ["Butler without a key", "Butler:\n", /no section Butler/],
  ["a list", "- sesame\n", /no section Butler/],
  ["a text", "sesame", /no section Butler/],
  ["nothing", "", /no section Butler/],
] as const) {
  test(`says what is wrong with ${name}, and shows no value`, () => {
    assert.match(problemOf(text), problem);
    assert.doesNotMatch(problemOf(text), /sesame/);
  });
}

test("says that a file is not UTF-8", () => {
  assert.match(problemOf(Buffer.from("\uFEFFButler:", "utf16le")), /UTF-8/);
  assert.match(problemOf(Buffer.from([0x42, 0xe5, 0x0a])), /UTF-8/);
});

test("refuses aliases that grow without end", () => {
  const levels = Array.from({ length: 9 }, (_, level) => `l${level + 1}: &l${level + 1} [${`*l${level},`.repeat(9)}]`);
  assert.match(problemOf(`l0: &l0 [x]\n${levels.join("\n")}\nButler: { a: *l9 }\n`), /aliases/);
});
