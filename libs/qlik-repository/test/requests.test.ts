import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { repositoryUrl } from "../src/client.js";
import { pathWith } from "../src/filter.js";
import { checkedGuid, isGuid } from "../src/guid.js";
import { lastLines } from "../src/script-log.js";
import { newXrfkey } from "../src/xrfkey.js";

for (const [given, expected] of [
  ["https://sense.example.com:4242", "https://sense.example.com:4242/"],
  ["https://sense.example.com", "https://sense.example.com:4242/"],
  ["https://sense.example.com/", "https://sense.example.com:4242/"],
  ["https://sense.example.com:443/", "https://sense.example.com/"],
  ["https://sense.example.com:4242/qrs/", "https://sense.example.com:4242/"],
  ["https://sense.example.com/relay/qrs?x=1#y", "https://sense.example.com:4242/relay/"],
  ["https://[::1]", "https://[::1]:4242/"],
  ["https://[::1]:4343", "https://[::1]:4343/"],
] as const) {
  test(`asks ${expected} when the URL is ${given}`, () => assert.equal(repositoryUrl(given).href, expected));
}

test("encodes what stands in a query so that it comes out as it went in", () => {
  assert.equal(pathWith("task", { filter: "id eq 1" }), "task?filter=id%20eq%201");
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (value) => {
      const path = pathWith("task/full", { filter: value, xrfkey: "k" });
      assert.match(path, /^[\x21-\x7e]+$/);
      const query = new URL(path, "https://localhost").searchParams;
      assert.deepEqual([...query], Object.entries({ filter: value, xrfkey: "k" }));
    }),
  );
});

test("makes another key of 16 letters and digits each time", () => {
  const keys = Array.from({ length: 200 }, newXrfkey);
  for (const key of keys) assert.match(key, /^[0-9A-Za-z]{16}$/);
  assert.equal(new Set(keys).size, keys.length);
});

test("takes GUIDs in any case, and nothing else", () => {
  fc.assert(
    fc.property(fc.uuid(), (guid) => {
      assert.equal(checkedGuid(guid.toUpperCase(), "the id"), guid);
      for (const wrong of [`${guid} `, `{${guid}}`, `${guid}\n`, guid.slice(1), `${guid}/..`]) {
        assert.equal(isGuid(wrong), false);
        assert.throws(() => checkedGuid(wrong, "the id"), /the id is no GUID/);
      }
    }),
  );
});

test("takes the last lines of a text, whatever the line ends are", () => {
  const body = Buffer.from("\uFEFFone\r\ntwo\nthree\r\n");
  assert.deepEqual(lastLines({ body, cut: false }, 2), ["two", "three"]);
  assert.deepEqual(lastLines({ body, cut: false }, 9), ["one", "two", "three"]);
  assert.deepEqual(lastLines({ body, cut: true }, 9), ["two", "three"]);
  assert.deepEqual(lastLines({ body, cut: false }, 0), []);
  assert.deepEqual(lastLines({ body: Buffer.alloc(0), cut: false }, 9), []);
});

test("gives the last lines of any text as they are", () => {
  const line = fc.string().filter((text) => !/[\r\n\uFEFF]/.test(text) && text !== "");
  fc.assert(
    fc.property(fc.array(line), fc.nat(20), fc.constantFrom("\n", "\r\n"), (lines, count, end) => {
      const body = Buffer.from(lines.map((text) => text + end).join(""));
      const expected = count === 0 ? [] : lines.map((text) => text).slice(-count);
      assert.deepEqual(lastLines({ body, cut: false }, count), expected);
    }),
  );
});
