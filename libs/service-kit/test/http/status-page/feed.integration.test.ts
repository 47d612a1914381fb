import assert from "node:assert/strict";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { withDeadline } from "@sense-alerts/link-kit";
import { createStatusPage } from "../../../src/http/status-page/create-status-page.js";
import type { FeedLimits } from "../../../src/http/status-page/feed.js";
import { createHealth, createMetrics, type StatusSnapshot, startHttp } from "../../../src/index.js";

type Update = { readonly title: string; readonly parts: Readonly<Record<string, string>> };

async function startProbe(t: TestContext, limits: Partial<FeedLimits> = {}) {
  const errors: unknown[] = [];
  const logger = { info: () => {}, error: (facts: object) => void errors.push(facts) };
  const health = createHealth();
  const statusPage = createStatusPage({
    ...{ detail: "full", name: "probe", instance: "i-1", health, logger },
    limits: { everyMs: 10, ...limits },
  });
  let reads = 0;
  let text = "";
  statusPage.show(() => {
    reads++;
    return { sections: [{ id: "news", title: "News", facts: [["Text", { raw: text }]] }] };
  });
  const http = await startHttp({
    host: "127.0.0.1",
    port: 0,
    health,
    metrics: createMetrics("probe"),
    logger,
    statusPage,
  });
  t.after(() => http.close());
  const tell = (news: string) => {
    text = news;
  };
  return { http, statusPage, errors, tell, reads: () => reads, url: `http://127.0.0.1:${http.port}/status/events` };
}

async function open(t: TestContext, url: string) {
  const request = get(url);
  t.after(() => request.destroy());
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return { request, response, updates: updatesOf(response) };
}

async function* updatesOf(response: IncomingMessage): AsyncGenerator<Update> {
  let text = "";
  for await (const chunk of response) {
    text += String(chunk);
    const events = text.split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) if (event.startsWith("data: ")) yield JSON.parse(event.slice("data: ".length));
  }
}

async function next(updates: AsyncGenerator<Update>): Promise<Update> {
  const { value } = await withDeadline(updates.next(), 5_000, "the next update");
  return value;
}

test("sends the whole page at first and then what has changed", async (t) => {
  const { url, tell } = await startProbe(t);
  const { response, updates } = await open(t, url);
  assert.equal(response.headers["content-type"], "text/event-stream");
  assert.equal(response.headers["cache-control"], "no-store");
  const first = await next(updates);
  assert.deepEqual(
    [first.title, Object.keys(first.parts)],
    ["probe: starting", ["phase", "facts", "troubles", "links", "news"]],
  );
  tell("a datagram\n\ndata: forged");
  for (;;) {
    const { parts } = await next(updates);
    if (!("news" in parts)) continue; // a second has passed, and the start is longer ago
    assert.match(parts["news"] ?? "", /a datagram␊␊data: forged/);
    assert.ok(!("links" in parts));
    return;
  }
});

test("sends a sign of life when nothing changes", async (t) => {
  const { url } = await startProbe(t, { beatMs: 20 });
  const { updates } = await open(t, url);
  await next(updates);
  for (;;) if (Object.keys((await next(updates)).parts).length === 0) return;
});

test("reads the page at each tick while somebody looks, and not once the last has gone", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const { url, reads } = await startProbe(t);
  const readsAtTick = () => {
    const before = reads();
    t.mock.timers.tick(10);
    return reads() - before;
  };
  assert.equal(readsAtTick(), 0);
  const { request, updates } = await open(t, url);
  await next(updates);
  assert.equal(readsAtTick(), 1);
  request.destroy();
  while (readsAtTick() > 0) await turn();
});

test("answers HEAD, and refuses one more than it has room for and any other method", async (t) => {
  const { url } = await startProbe(t, { maxClients: 1 });
  const head = await fetch(url, { method: "HEAD" });
  assert.deepEqual([head.status, head.headers.get("content-type")], [200, "text/event-stream"]);
  await open(t, url);
  const refused = await fetch(url);
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [503, "10"]);
  await refused.text();
  assert.equal((await fetch(url, { method: "POST" })).status, 405);
});

test("skips updates for a client that takes nothing, and lets go of it after a while", async (t) => {
  const { http, url, statusPage } = await startProbe(t, { stalledMs: 1_000, maxClients: 1 });
  let reads = 0;
  statusPage.show(() => manySections(++reads));
  const socket = connect(http.port, "127.0.0.1");
  t.after(() => socket.destroy());
  const ended = once(socket, "close");
  socket.pause();
  socket.write("GET /status/events HTTP/1.1\r\nhost: x\r\n\r\n");
  const status = async () => (await fetch(url, { method: "HEAD" })).status;
  while ((await status()) === 200);
  while ((await status()) === 503);
  let takenBytes = 0;
  socket.on("error", () => {}); // A reset is an end, too.
  socket.on("data", (chunk) => {
    takenBytes += chunk.length;
  });
  socket.resume();
  await withDeadline(ended, 10_000, "the end of the connection");
  assert.ok(takenBytes < (reads * updateBytes) / 2, `${takenBytes} bytes of ${reads} updates`);
});

const updateBytes = 1_000_000;

/** All of it changed. */
function manySections(number: number): StatusSnapshot {
  const title = "x".repeat(updateBytes / 1_000);
  const sections = Array.from({ length: 1_000 }, (_, n) => ({ id: `s-${n}`, title, facts: [["n", number]] as const }));
  return { sections };
}

test("ends the streams at once when the service stops", async (t) => {
  const { http, url } = await startProbe(t);
  const { updates } = await open(t, url);
  await next(updates);
  const started = performance.now();
  await http.close();
  assert.ok(performance.now() - started < 400, "did not wait for the grace");
  while (!(await withDeadline(updates.next(), 5_000, "the end")).done);
});

test("goes on after a page that could not be made", async (t) => {
  const { url, statusPage, errors } = await startProbe(t);
  const { updates } = await open(t, url);
  await next(updates);
  let isBroken = true;
  statusPage.show(() => {
    if (isBroken) throw new Error("no such buffer");
    return { sections: [] };
  });
  while (errors.length === 0) await turn();
  isBroken = false;
  statusPage.show(() => ({ sections: [{ id: "back", title: "Back" }] }));
  for (;;) if ("back" in (await next(updates)).parts) return;
});
