import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { messagesPage, messagesPath } from "../src/messages-docs.js";

const page = messagesPage();

test("docs/messages.md says what both asyncapi.yaml say (node tools/dist/src/messages-docs.js mends it)", () => {
  assert.equal(readFileSync(messagesPath, "utf8"), page);
});

test("docs/messages.md has a section with fields and an example for every channel, on MQTT and on NATS", () => {
  const sections = page.split(/^### /m).slice(1);
  const addresses = Array.from(page.matchAll(/^\| \[`([^`]+)`\]\(#/gm), ([, address]) => address);
  assert.equal(addresses.length, 18);
  for (const address of addresses) {
    const section = sections.find((text) => text.split("\n")[0]?.endsWith(`: \`${address}\``)) ?? "";
    for (const part of ["**Payload**", "**Example**", "```"]) assert.ok(section.includes(part), `${address}: ${part}`);
  }
});

test("every table in docs/messages.md stands by itself and has as many cells in each row", () => {
  const lines = page.split("\n");
  for (const [index, line] of lines.entries()) {
    if (!/^\|-/.test(line)) continue;
    assert.equal(lines[index - 2], "", `a blank line before the table at line ${index}`);
    const columns = line.split("|").length;
    for (const row of lines.slice(index + 1, lines.indexOf("", index))) {
      assert.equal(row.split(/(?<!\\)\|/).length, columns, row);
    }
  }
});
