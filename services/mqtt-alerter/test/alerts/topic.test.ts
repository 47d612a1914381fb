import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { alertPlaceholders, parseSpaceReplacement, parseTopic, renderTopic } from "../../src/alerts/topic.js";

const longestTopic = "x".repeat(65_535);

function rendered(text: string, values: Record<string, string>): string | undefined {
  return renderTopic(parseTopic(text, alertPlaceholders), values);
}

for (const text of [
  "qliksense/task_failure",
  "a",
  "/",
  "//",
  "/leading/and/trailing/",
  "with blanks and ; , $",
  "försäljning/日本/🤪",
  "{taskName}/x",
  "a/{hostName}{taskName}/{taskId}/{appName}/{appId}/{executionId}",
  longestTopic,
]) {
  test(`takes the topic ${text.slice(0, 60)}`, () => {
    assert.equal(parseTopic(text, alertPlaceholders).text, text);
  });
}

for (const [text, complaint] of [
  ["qliksense/#", /no \+, # or control character in it \(found #\)$/],
  ["qliksense/+/x", /\(found \+\)$/],
  ["a+b", /\(found \+\)$/],
  ["a\0b", /\(found U\+0000\)$/],
  ["a\tb", /\(found U\+0009\)$/],
  ["a\u007Fb", /\(found U\+007F\)$/],
  ["a\u009Fb", /\(found U\+009F\)$/],
  ["a\uFFFEb", /\(found U\+FFFE\)$/],
  ["a\u{1FFFF}b", /\(found U\+1FFFF\)$/],
  ["a\uD800b", /\(found U\+D800\)$/],
  ["{hostName}/#", /\(found #\)$/],
  ["a/{taskname}", /^must use the placeholders \{hostName\} .* \{userDirectory\} only \(found \{taskname\}\)$/],
  ["a/{}", /only \(found \{\}\)$/],
  ["a/{ taskName }", /only \(found \{ taskName \}\)$/],
  ["a/{toString}", /only \(found \{toString\}\)$/],
  ["a/{instanceId}", /only \(found \{instanceId\}\)$/],
  ["a/{taskName", /^must have its braces in pairs$/],
  ["a/taskName}", /^must have its braces in pairs$/],
  ["a/{{taskName}}", /^must have its braces in pairs$/],
  ["", /^must hold some fixed text/],
  ["{taskName}", /^must hold some fixed text/],
  ["{hostName}{taskId}", /^must hold some fixed text/],
  [`${longestTopic}x`, /^must be 65535 bytes at most$/],
  ["é".repeat(32_768), /^must be 65535 bytes at most$/],
] as const) {
  test(`refuses the topic ${JSON.stringify(text.slice(0, 60))} and says why`, () => {
    assert.throws(() => parseTopic(text, alertPlaceholders), { name: "TypeError", message: complaint });
  });
}

test("refuses every placeholder where none is allowed", () => {
  const message = "must hold no placeholders (found {taskName})";
  assert.throws(() => parseTopic("a/{taskName}", []), { name: "TypeError", message });
});

test("knows the placeholders of the contract", () => {
  const wanted = "hostName taskName taskId appName appId executionId eventType userId userDirectory";
  assert.deepEqual(alertPlaceholders, wanted.split(" "));
});

for (const name of alertPlaceholders) {
  test(`fills in {${name}}, as often as it stands there`, () => {
    assert.equal(rendered(`a/{${name}}/b/{${name}}`, { [name]: "Läs 1" }), "a/Läs 1/b/Läs 1");
  });
}

test("fills in neighbours without anything between them", () => {
  assert.equal(rendered("a/{taskName}{appName}", { taskName: "t", appName: "p" }), "a/tp");
});

test("keeps a topic without placeholders as it stands", () => {
  assert.equal(rendered("a/b", { taskName: "t" }), "a/b");
});

test("leaves an absent or empty value empty", () => {
  assert.equal(rendered("a/{taskName}/{appName}/b", { taskName: "" }), "a///b");
});

test("takes braces in a value for plain text", () => {
  assert.equal(rendered("a/{taskName}", { taskName: "{appName}", appName: "p" }), "a/{appName}");
});

test("takes $& and $1 in a value for plain text", () => {
  assert.equal(rendered("a/{taskName}", { taskName: "$& $1" }), "a/$& $1");
});

for (const [what, character] of [
  ["a slash", "/"],
  ["a plus sign", "+"],
  ["a hash", "#"],
  ["NUL", "\0"],
  ["a tab", "\t"],
  ["a line feed", "\n"],
  ["DEL", "\u007F"],
  ["a C1 control", "\u0085"],
  ["the non-character U+FDD0", "\uFDD0"],
  ["the non-character U+FFFF", "\uFFFF"],
  ["the non-character U+10FFFF", "\u{10FFFF}"],
  ["half a surrogate pair", "\uDC00"],
] as const) {
  test(`puts one _ for ${what} in a value`, () => {
    assert.equal(rendered("a/{taskName}/b", { taskName: `x${character}y${character}` }), "a/x_y_/b");
  });
}

test("keeps letters of any script, emoji, blanks and a backslash in a value", () => {
  const taskName = "Försäljning Q1 \\ 日本 🤪\u00A0;*$";
  assert.equal(rendered("a/{taskName}", { taskName }), `a/${taskName}`);
});

for (const [text, value] of [
  ["_", "_"],
  ["é-", "é-"],
  ["$&", "$&"],
  ["", undefined],
  [" ", undefined],
  ["a b", undefined],
  ["/", undefined],
  ["+", undefined],
  ["#", undefined],
  ["\0", undefined],
] as const) {
  test(`${value === undefined ? "refuses" : "takes"} ${JSON.stringify(text)} in place of blanks`, () => {
    assert.equal(parseSpaceReplacement(text), value);
    if (value === undefined) return;
    const topic = renderTopic(parseTopic("a b/{taskName}", ["taskName"]), { taskName: "x y" }, value);
    assert.equal(topic, `a b/x${value}y`);
  });
}

test("gives no topic when the values make it longer than MQTT can carry", () => {
  const room = 65_535 - Buffer.byteLength("a/");
  assert.equal(rendered("a/{taskName}", { taskName: "x".repeat(room) })?.length, 65_535);
  assert.equal(rendered("a/{taskName}", { taskName: "x".repeat(room + 1) }), undefined);
  assert.equal(rendered("a/{taskName}", { taskName: "é".repeat(room / 2 + 1) }), undefined);
});

test("never renders more levels than the template has, a wildcard or a character that MQTT bars", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom("/", "+", "#", "\0", "\uD800", "\uFFFF", "{", "}", "x") }),
  );
  const fixed = fc.string({ unit: fc.constantFrom("a", "/", "é", " ", "$") });
  const parts = fc.array(fc.oneof(fixed, fc.constantFrom(...alertPlaceholders.map((name) => `{${name}}`))));
  const values = fc.record(Object.fromEntries(alertPlaceholders.map((name) => [name, text])));
  fc.assert(
    fc.property(parts, values, (some, filling) => {
      const template = parseTopic(`a${some.join("")}`, alertPlaceholders);
      const topic = renderTopic(template, filling);
      assert(topic !== undefined);
      assert.equal(topic.split("/").length, template.text.split("/").length);
      assert.doesNotMatch(topic, /[+#\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u);
    }),
  );
});

test("either refuses a text or reads it as a template that renders its own names back", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", "/", "{", "}", "taskName", "+", "#") }), (text) => {
      let template: ReturnType<typeof parseTopic>;
      try {
        template = parseTopic(text, alertPlaceholders);
      } catch (error) {
        assert(error instanceof TypeError);
        return;
      }
      assert.equal(renderTopic(template, { taskName: "{taskName}" }), text);
    }),
  );
});
