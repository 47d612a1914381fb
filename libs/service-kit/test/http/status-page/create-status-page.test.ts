import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { createStatusPage } from "../../../src/http/status-page/create-status-page.js";
import { createHealth, type StatusSnapshot } from "../../../src/index.js";

const startMs = Date.UTC(2024, 3, 12, 5, 33, 3);

/** A page at a clock that the test moves. */
function pageAt(t: TestContext) {
  t.mock.timers.enable({ apis: ["Date", "setInterval"], now: startMs });
  const health = createHealth();
  const page = createStatusPage({
    detail: "full",
    name: "probe",
    instance: "i-1",
    health,
    logger: { error: () => {} },
  });
  t.after(page.close);
  const html = () => page.render();
  const pass = (seconds: number) => {
    for (let second = 0; second < seconds; second++) t.mock.timers.tick(1_000);
  };
  return { health, html, pass, show: (snapshot: StatusSnapshot) => page.show(() => snapshot) };
}

test("says in title and heading how the service fares", (t) => {
  const { health, html } = pageAt(t);
  let up = true;
  health.link("nats", { required: true, state: () => ({ up: true }) });
  health.link("qrs", { required: false, state: () => ({ up }) });
  const phase = () => {
    const page = html();
    const [, title] = /<title>probe: (.*)<\/title>/.exec(page) ?? [];
    const [, tone, text] = /class="phase tone (\w+)">(.*?)</.exec(page) ?? [];
    assert.equal(title, text);
    return `${tone} ${text}`;
  };
  assert.equal(phase(), "quiet starting");
  health.markStarted();
  assert.equal(phase(), "good ready");
  up = false;
  assert.equal(phase(), "bad degraded");
  health.link("broker", { required: true, state: () => ({ up: false }) });
  assert.equal(phase(), "bad not ready");
  health.markStopping();
  assert.equal(phase(), "quiet stopping");
});

test("says of a link that is down why, since when and what that means, though nobody looked when it broke", (t) => {
  const { health, html, show, pass } = pageAt(t);
  let up = true;
  health.link("nats", { required: false, state: () => ({ up, detail: "no <answer>", servers: 3 }) });
  show({ sections: [], whenDown: { nats: "Events are kept." } });
  assert.doesNotMatch(html(), /Began/);
  pass(60);
  up = false;
  pass(30);
  const page = html();
  assert.match(
    page,
    /nats is down: no &#60;answer&#62;\. Events are kept\. .*>Began <time [^>]*>29 s ago <small>05:34:04</,
  );
  assert.match(page, /down \(not required\).*29 s ago.*no &#60;answer&#62;, servers: 3</);
  up = true;
  pass(1);
  assert.doesNotMatch(html(), /Began/);
});

test("shows the troubles and sections of the service, each with a heading", (t) => {
  const { html, show } = pageAt(t);
  show({
    sections: [{ id: "lag", title: "Lag", facts: [["Pending", 1_234]] }],
    troubles: [{ text: "Events lost: 3" }],
  });
  const page = html();
  assert.match(page, /<li class="tone bad"><span>Events lost: 3<\/span><\/li>/);
  assert.match(page, /<section id="lag" aria-labelledby="lag-heading">\n<h2 id="lag-heading">Lag<\/h2>/);
  assert.match(page, /<dt>Pending<\/dt><dd>1,234<\/dd>/);
});

test("loads its own style and script and nothing else, and holds neither", (t) => {
  const { html } = pageAt(t);
  const page = html();
  const loaded = Array.from(page.matchAll(/\b(?:src|href)="([^"]*)"/g), ([, address]) => address);
  assert.deepEqual(loaded, ["data:,", "/status.css", "/status.js", "/readyz", "/metrics"]);
  assert.doesNotMatch(page, /<(style|img|iframe|object|form)\b|\b(style|on\w+)=/);
});
