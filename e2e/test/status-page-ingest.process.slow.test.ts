import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { eventually, sendDatagrams, startNats, startService, taskDatagram } from "@sense-alerts/test-kit";
import { startViewer } from "../src/browser.js";
import { addressOf, everythingShown, lookOver, openLive } from "../src/status-page.js";

const file = { after };
const nats = await startNats(file);
const env = { NATS_URL: nats.url, INSTANCE_ID: "ingest-a", SHUTDOWN_TIMEOUT_SECONDS: "2" };
const ingest = await startService(file, "udp-ingest", env, { waitFor: "ready" });
const viewer = await startViewer(file);
const url = await addressOf(ingest);
const port = await ingest.udpPort();

const tags = ["/scheduler-task-failed/", "/scheduler-task-aborted/", "/scheduler-task-success//"];
const datagramsOf = (count: number) =>
  Array.from({ length: count }, (_, n) =>
    taskDatagram({ tag: tags[n % 3] ?? "", taskName: `Reload of Sales ${n}`, executionId: randomUUID() }),
  );

test("an empty page says what to do next, and is fit for everyone", async () => {
  await eventually(async () => assert.match(await (await ingest.get("/")).text(), /<title>udp-ingest: ready</));
  const { page } = await viewer.open(url);
  await page.getByText(`Point the log appender of Sense at port ${port} of this machine`).waitFor();
  await lookOver(viewer, url, "ingest-empty");
});

test("a datagram appears without a reload, as text whatever is in it", async () => {
  const { page, complaints } = await openLive(viewer, url);
  await page.evaluate("window.isTheSame = true");
  const hostile = `<img src=x onerror="document.title='taken over'">\u001b[2J\u202e`;
  const datagram = taskDatagram({ taskName: hostile, executionId: randomUUID() });
  await sendDatagrams(port, [datagram, datagram, "/scheduler-task-failed/;<b>short</b>"]);
  const rows = page.locator("#datagrams tbody");
  await rows.getByText("rejected: too-short, fewer fields than its tag has").waitFor();
  await rows.getByText("event, stored").waitFor();
  await rows.getByText("duplicate: it was stored already").waitFor();
  assert.equal(await rows.locator("img, b").count(), 0);
  assert.match(await rows.innerText(), /<img src=x onerror="document.title='taken over'">␛\[2J\\u\{202e\}/);
  assert.equal(await page.title(), "udp-ingest: ready");
  assert.equal(await page.evaluate("window.isTheSame"), true);
  assert.deepEqual(complaints, []);
});

test("a busy page stays readable, and where it was", async () => {
  const { page } = await openLive(viewer, url, { width: 360 });
  const table = "document.querySelector('#datagrams .scroll')";
  await page.evaluate(`${table}.scrollLeft = 120; ${table}.focus()`);
  await sendDatagrams(port, datagramsOf(6_000), { perSecond: 4_000 });
  await page.locator("#kinds").getByText("2,000").first().waitFor();
  await page.locator("#sources").getByText("2,00").first().waitFor();
  assert.equal(await page.locator("#datagrams tbody tr:not(.below)").count(), 50);
  assert.equal(await page.evaluate(`${table}.scrollLeft`), 120);
  assert.equal(await page.evaluate(`${table} === document.activeElement`), true);
  await lookOver(viewer, url, "ingest-busy");
});

test("the keyboard reaches everything there is to use, and can stop the updates", async () => {
  const { page } = await openLive(viewer, url);
  const reached: string[] = [];
  for (let tab = 0; tab < 8; tab++) {
    await page.keyboard.press("Tab");
    reached.push(
      await page.evaluate<string>(
        "document.activeElement.getAttribute('aria-labelledby') ?? document.activeElement.textContent",
      ),
    );
  }
  const headings = ["links", "kinds", "rejected", "sources", "datagrams"].map((id) => `${id}-heading`);
  assert.deepEqual(reached, ["Pause", ...headings, "readyz", "metrics"]);
  await page.getByRole("button", { name: "Pause" }).focus();
  await page.keyboard.press("Enter");
  await page.getByText(/^paused at \d\d:\d\d:\d\d$/).waitFor();
  await page.keyboard.press("Enter");
  await page.getByText("updated live").waitFor();
});

test("without NATS it is degraded, and says why, since when and that datagrams are kept", async () => {
  const { page } = await openLive(viewer, url);
  await nats.stop();
  await page.locator("#phase", { hasText: "degraded" }).waitFor();
  await sendDatagrams(port, datagramsOf(1_200));
  const banner = page.locator("#troubles");
  await banner.getByText("1,200 events are kept and go out when it is back").waitFor();
  assert.match(await banner.innerText(), /nats is down: .*\nBegan (just now|\d+ s ago) \d\d:\d\d:\d\d$/s);
  assert.equal(await page.title(), "udp-ingest: degraded");
  await page.locator("#datagrams").getByText("event, waiting for NATS").first().waitFor();
  await lookOver(viewer, url, "ingest-degraded");
  await nats.start();
  await page.locator("#phase", { hasText: "ready" }).waitFor();
  await page.locator("#datagrams").getByText("event, stored").first().waitFor();
});

test("without scripts the page is whole, and is asked for anew", async () => {
  const { page } = await viewer.open(url, { scripts: false });
  assert.match(await page.locator("main").innerText(), /Reload of Sales/);
  assert.equal(await page.locator("noscript meta[http-equiv=refresh]").getAttribute("content"), "10");
});

test("says when the service answers no more", async (t) => {
  const stopped = await startService(t, "udp-ingest", env, { waitFor: "ready" });
  const { page } = await openLive(viewer, await addressOf(stopped));
  await stopped.stop();
  await page.getByText(/^not updated: no answer since \d\d:\d\d:\d\d$/).waitFor();
});

test("STATUS_PAGE=counts shows no name and no text of a datagram, over any path, and full does", async (t) => {
  const mark = `mark${randomUUID().slice(0, 8)}`;
  const fields = ["hostName", "taskName", "appName", "user", "logMessage"].map((field) => [field, `${mark} ${field}`]);
  const marked = taskDatagram({ ...Object.fromEntries(fields), executionId: randomUUID() });
  for (const mode of ["counts", "full"]) {
    const service = await startService(t, "udp-ingest", { ...env, STATUS_PAGE: mode }, { waitFor: "ready" });
    await sendDatagrams(await service.udpPort(), [marked, `/scheduler-task-failed/;${mark}`, mark]);
    const shown = await eventually(async () => {
      const text = await everythingShown(service);
      assert.match(text, /event, stored|duplicate: it was stored already/);
      assert.match(text, /rejected: unknown-layout/);
      return text;
    });
    assert.equal(shown.includes(mark), mode === "full", mode);
    if (mode === "counts") await lookOver(viewer, await addressOf(service), "ingest-counts");
  }
});

test("STATUS_PAGE=off leaves health and metrics alone", async (t) => {
  const service = await startService(t, "udp-ingest", { ...env, STATUS_PAGE: "off" }, { waitFor: "ready" });
  for (const path of ["/", "/status.css", "/status.js", "/status/events"]) {
    assert.equal((await service.get(path)).status, 404, path);
  }
  for (const path of ["/livez", "/readyz", "/metrics"]) assert.equal((await service.get(path)).status, 200, path);
});
