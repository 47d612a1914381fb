import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { eventually, publishNats, sendDatagrams, startService, taskDatagram } from "@sense-alerts/test-kit";
import { startViewer } from "../src/browser.js";
import { startStack } from "../src/stack.js";
import { addressOf, everythingShown, lookOver, openLive } from "../src/status-page.js";

const file = { after };
const stack = await startStack(file, {
  ingestEnv: { SENSE_TIMEZONE: "Europe/Stockholm" },
  alerterEnv: { INSTANCE_ID: "alerter-a", TASK_FAILURE_TOPIC: "qliksense/task_failure/{taskName}" },
});
const viewer = await startViewer(file);
const url = await addressOf(stack.alerter);
const failed = (taskName: string) => taskDatagram({ taskName, executionId: randomUUID() });

test("an empty page says what to do next, and is fit for everyone", async (t) => {
  const { NATS_URL = "", MQTT_URL = "" } = stack.env;
  const own = { NATS_URL, MQTT_URL, NATS_STREAM: "EMPTY", NATS_SUBJECT_PREFIX: "empty" };
  const alerter = await startService(t, "mqtt-alerter", own, { waitFor: "ready" });
  const { page } = await viewer.open(await addressOf(alerter));
  await page.getByText("No alert has gone out yet.").waitFor();
  await lookOver(viewer, await addressOf(alerter), "alerter-empty");
});

test("an alert appears without a reload, with topic, QoS and the time from Sense to the PUBACK", async () => {
  const { page } = await openLive(viewer, url);
  await page.evaluate("window.isTheSame = true");
  await stack.send(failed("Reload of <b>Sales</b>"));
  const row = page.locator("#alerts tbody tr", { hasText: "task failed, basic" });
  await row.waitFor();
  const text = await row.innerText();
  assert.match(text, /^(just now|\d+ s ago) \d\d:\d\d:\d\d\s+task failed, basic\s+\d+ ms\s+-?[\d,]+ \w+\s+1\s/);
  assert.match(text, /Reload of <b>Sales<\/b>\s+qliksense\/task_failure\/Reload of <b>Sales<_b>$/);
  assert.equal(await page.evaluate("window.isTheSame"), true);
});

test("a busy page stays readable", async () => {
  const { page } = await openLive(viewer, url);
  const datagrams = Array.from({ length: 2_000 }, (_, n) => failed(`Reload of Sales ${n}`));
  await sendDatagrams(await stack.ingest.udpPort(), datagrams, { perSecond: 2_000 });
  await page.locator("#lag").getByText("4,00").waitFor({ timeout: 20_000 });
  assert.equal(await page.locator("#alerts tbody tr").count(), 50);
  await lookOver(viewer, url, "alerter-busy");
});

test("a dead letter is told of with its reason", async () => {
  const { page } = await openLive(viewer, url);
  await publishNats(stack.nats.port, [{ subject: "sense.task.failed", payload: "no JSON" }]);
  await page.locator("#dead-letters").getByText("not-json").waitFor();
  await page.locator("#troubles").getByText("Events that could not be alerted since the start: 1.").waitFor();
});

test("without the broker it is not ready, and says why, since when and that alerts wait", async () => {
  const { page } = await openLive(viewer, url);
  await stack.broker.stop();
  await page.locator("#phase", { hasText: "not ready" }).waitFor();
  const banner = page.locator("#troubles");
  await banner.getByText("Alerts wait in the stream and go out, in order, when it is back.").waitFor();
  assert.match(await banner.innerText(), /broker is down: .*\nBegan (just now|\d+ s ago) \d\d:\d\d:\d\d/s);
  assert.equal(await page.title(), "mqtt-alerter: not ready");
  await lookOver(viewer, url, "alerter-degraded");
  await stack.broker.start();
  await page.locator("#phase", { hasText: /^ready$/ }).waitFor();
});

test("STATUS_PAGE=counts shows no name of a datagram nor a topic that holds one, and no mode a secret", async (t) => {
  const mark = `mark${randomUUID().slice(0, 8)}`;
  const password = `secret${randomUUID()}`;
  const topic = "marked/{hostName}/{taskName}/{appName}";
  const { NATS_URL = "", MQTT_URL = "" } = stack.env;
  const env = { NATS_URL, MQTT_URL, TASK_FAILURE_TOPIC: topic, MQTT_USERNAME: "user", MQTT_PASSWORD: password };
  await stack.alerter.stop();
  for (const mode of ["counts", "full"]) {
    const alerter = await startService(t, "mqtt-alerter", { ...env, STATUS_PAGE: mode }, { waitFor: "ready" });
    const marked = { hostName: `${mark}host`, taskName: `${mark}task`, appName: `${mark}app`, logMessage: mark };
    await stack.send(taskDatagram({ ...marked, executionId: randomUUID() }));
    const shown = await eventually(async () => {
      const text = await everythingShown(alerter);
      assert.match(text, /task failed, basic/);
      return text;
    });
    assert.equal(shown.includes(mark), mode === "full", mode);
    assert.equal(shown.includes(topic), mode === "counts", mode);
    assert.ok(!shown.includes(password));
    if (mode === "counts") await lookOver(viewer, await addressOf(alerter), "alerter-counts");
    await alerter.stop();
  }
});
