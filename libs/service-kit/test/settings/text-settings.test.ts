import assert from "node:assert/strict";
import { test } from "node:test";
import { loadSettings, oneOf, parsed, textList, toggle } from "../../src/index.js";
import { refused } from "../fixtures/refused.js";

test("reads a toggle in every usual spelling", () => {
  const spec = { ON: toggle({ default: true, desc: "On" }) };
  for (const word of ["true", "TRUE", "1", "yes", "On"]) assert.equal(loadSettings(spec, { ON: word }).ON, true, word);
  for (const word of ["false", "False", "0", "NO", " off "]) {
    assert.equal(loadSettings(spec, { ON: word }).ON, false, word);
  }
  for (const word of ["2", "enabled", "t", "-"]) {
    assert.match(refused(spec, { ON: word }).message, /ON: must be true or false .* Example: ON=true$/, word);
  }
});

test("reads a comma list without blanks and empty entries", () => {
  const spec = { LIST: textList({ default: [], desc: "List" }) };
  assert.deepEqual(loadSettings(spec, { LIST: " a, b c ,,d," }).LIST, ["a", "b c", "d"]);
  assert.deepEqual(loadSettings(spec, {}).LIST, []);
  assert.match(refused(spec, { LIST: " , " }).message, /LIST: must be a list with commas/);
});

test("gives numbers for choices that are numbers", () => {
  const spec = { QOS: oneOf({ choices: [0, 1, 2], default: 1, desc: "QoS" }) };
  const { QOS }: { QOS: 0 | 1 | 2 } = loadSettings(spec, { QOS: "2" });
  assert.equal(QOS, 2);
  assert.match(refused(spec, { QOS: "2.0" }).message, /QOS: must be one of 0, 1, 2 \(got "2\.0"\)/);
});

test("lets a service define a kind of its own", () => {
  const parseZone = (given: string) => (given === "Europe/Stockholm" ? { zone: given } : undefined);
  const described = { allowed: "an IANA time zone", desc: "Zone", example: "Europe/Stockholm" };
  const spec = { ZONE: parsed(parseZone, { default: undefined, ...described }) };
  assert.deepEqual(loadSettings(spec, { ZONE: "Europe/Stockholm" }).ZONE, { zone: "Europe/Stockholm" });
  assert.equal(
    refused(spec, { ZONE: "Mars" }).message,
    '1 setting is wrong.\n\n  ZONE: must be an IANA time zone (got "Mars"). Example: ZONE=Europe/Stockholm',
  );
});
