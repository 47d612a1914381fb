import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { statusPage, statusPagePolicy } from "../../src/http/status-page.js";
import { createHealth } from "../../src/index.js";

function pageOf(health = createHealth()): string {
  return statusPage({ title: "probe", instance: "i-1", report: health.report() });
}

test("shows title, instance, readiness and each link with its facts", () => {
  const health = createHealth();
  health.link("broker", {
    required: true,
    state: () => ({ up: true, detail: "MQTT 5", inflight: 3, since: undefined }),
  });
  health.link("qrs", { required: false, state: () => ({ up: false }) });
  assert.match(pageOf(health), /<strong class="bad">starting</);
  health.markStarted();
  const page = pageOf(health);
  assert.match(page, /<h1>probe<\/h1>\n<p>Instance i-1<\/p>\n<p><strong class="good">ready</);
  assert.match(page, />broker<\/th><td><span class="good">up<\/span><\/td><td>MQTT 5<br>inflight: 3<\/td>/);
  assert.match(page, />qrs<\/th><td><span class="bad">down<\/span> \(not required\)</);
  health.markStopping();
  assert.match(pageOf(health), /<strong class="bad">stopping</);
});

test("escapes everything that it is given", () => {
  const hostile = `<script>alert("x")</script>&'`;
  const health = createHealth();
  health.link(hostile, { required: true, state: () => ({ up: true, detail: hostile, [hostile]: hostile }) });
  const page = statusPage({ title: hostile, instance: hostile, report: health.report() });
  assert.ok(!page.includes("<script") && !page.includes(`"x"`), page);
  assert.equal(page.split("&#60;script&#62;alert(&#34;x&#34;)&#60;/script&#62;&#38;&#39;").length - 1, 7);
});

test("allows by its policy exactly the style that it carries, and loads nothing", () => {
  const page = pageOf();
  const style = /<style>([\s\S]*)<\/style>/.exec(page)?.[1] ?? "";
  const hash = createHash("sha256").update(style).digest("base64");
  assert.ok(statusPagePolicy.startsWith(`default-src 'none'; style-src 'sha256-${hash}';`), statusPagePolicy);
  assert.doesNotMatch(page, /<(script|img|link|iframe|object)\b|\b(src|style|on\w+)=|url\(|@import/);
  assert.match(page, /color-scheme: light dark/);
});
