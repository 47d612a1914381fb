import assert from "node:assert/strict";
import { test } from "node:test";
import { renderCell, renderSection } from "../../../src/http/status-page/section.js";
import type { Cell } from "../../../src/index.js";

const nowMs = Date.UTC(2024, 3, 12, 5, 33, 3, 561);
const hostile = `<script>alert("x")</script>&'`;
const escaped = "&#60;script&#62;alert(&#34;x&#34;)&#60;/script&#62;&#38;&#39;";

test("renders each kind of cell", () => {
  const cells: readonly (readonly [Cell, string])[] = [
    [undefined, "–"],
    [12_345, "12,345"],
    ["a < b", "<bdi>a &#60; b</bdi>"],
    [{ tone: "bad", text: "down" }, '<span class="tone bad">down</span>'],
    [{ durationMs: 12 }, "12 ms"],
    [{ bytes: 2_048 }, "2 KiB"],
    [{ raw: "a\tb" }, "<code><bdi>a␉b</bdi></code>"],
    [{ atMs: nowMs - 5_000 }, '<time datetime="2024-04-12T05:32:58.561Z">5 s ago <small>05:32:58</small></time>'],
    [
      { atMs: nowMs - 86_400_000 },
      '<time datetime="2024-04-11T05:33:03.561Z">24 h ago <small>2024-04-11 05:33:03</small></time>',
    ],
  ];
  for (const [cell, html] of cells) assert.equal(renderCell(cell, nowMs), html);
});

test("escapes everything that a section holds", () => {
  const cells: Cell[] = [hostile, { raw: hostile }, { tone: "good", text: hostile }];
  const table = { columns: [hostile], rows: [cells], empty: "" };
  const html = renderSection({ id: hostile, title: hostile, facts: [[hostile, hostile]], table }, nowMs);
  assert.ok(!html.includes("<script") && !html.includes(`"x"`), html);
  assert.equal(html.split(escaped).length - 1, 11);
});

test("aligns a column of numbers with its heading, and puts raw text below its row", () => {
  const table = { columns: ["Kind", "Number"], rows: [["a", 1, { raw: "text" }]], empty: "None." };
  const html = renderSection({ id: "kinds", title: "Kinds", table }, nowMs);
  assert.match(html, /<th scope="col">Kind<\/th><th scope="col" class="number">Number<\/th>/);
  assert.match(
    html,
    /<tr><th scope="row"><bdi>a<\/bdi><\/th><td class="number">1<\/td><\/tr>\n<tr class="below"><td colspan="2"><code>/,
  );
});

test("says what to do in place of an empty table", () => {
  const html = renderSection({ id: "a", title: "A", table: { columns: ["B"], rows: [], empty: "Send <one>." } }, nowMs);
  assert.match(html, /<p class="empty">Send &#60;one&#62;\.<\/p>/);
  assert.doesNotMatch(html, /<table/);
});
