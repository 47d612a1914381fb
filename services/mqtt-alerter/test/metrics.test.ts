import assert from "node:assert/strict";
import { test } from "node:test";
import type { Backlog } from "@sense-alerts/bus";
import { createMetrics } from "@sense-alerts/service-kit";
import { readMetric } from "@sense-alerts/test-kit";
import { composeMessages } from "../src/alerts/alert-messages.js";
import { alertTopicsOf } from "../src/alerts/alert-topics.js";
import type { LaneState } from "../src/delivery/start-lane.js";
import { createAlerterMetrics } from "../src/metrics.js";
import { readSettings } from "../src/settings.js";
import { taskEvent } from "./fixtures/events.js";

const lane: LaneState = {
  durable: "mqtt-alerter-basic",
  inFlight: () => 1,
  pending: () => 2,
  backlog: async () => undefined,
};
const links = {
  lanes: { basic: lane, full: lane },
  broker: {
    inFlight: () => 3,
    online: () => true,
    protocolVersion: (): 4 | 5 | undefined => 5,
    refusedTopics: () => [{ topic: "a", kind: "full" as const, detail: "" }],
    onOnline: (_listener: () => void) => {},
  },
  onNatsReconnect: () => {},
};

test("counts published messages by type and kind, and observes how old they are", async () => {
  const registry = createMetrics("test");
  const metrics = createAlerterMetrics(registry);
  const event = taskEvent({ time: new Date(Date.now() - 2_000).toISOString() });
  const composed = composeMessages(event, alertTopicsOf(readSettings({})));
  assert(composed.ok);
  for (const message of composed.messages) metrics.published(message, event);
  const text = await registry.render();
  const counted = (kind: string) =>
    readMetric(text, "sensealerts_alerter_messages_published_total", { type: "sense.task.failed", kind });
  assert.deepEqual([counted("basic"), counted("full"), counted("status")], [1, 1, 0]);
  const ageSeconds = readMetric(text, "sensealerts_alerter_alert_age_seconds_sum", { kind: "basic" });
  assert(ageSeconds >= 2 && ageSeconds < 10, String(ageSeconds));
});

test("counts by kind the messages that nobody subscribed to", async () => {
  const registry = createMetrics("test");
  const metrics = createAlerterMetrics(registry);
  const composed = composeMessages(taskEvent(), alertTopicsOf(readSettings({})));
  assert(composed.ok);
  for (const message of composed.messages) metrics.answered(message, 0x10, 1);
  const text = await registry.render();
  const counted = (kind: string) => readMetric(text, "sensealerts_alerter_messages_no_subscriber_total", { kind });
  assert.deepEqual([counted("basic"), counted("full")], [1, 1]);
});

test("takes an event from a clock that is ahead for brand-new", async () => {
  const registry = createMetrics("test");
  const event = taskEvent({ time: new Date(Date.now() + 60_000).toISOString() });
  const composed = composeMessages(event, alertTopicsOf(readSettings({ TASK_FAILURE_SEND_FULL: "false" })));
  assert(composed.ok);
  const metrics = createAlerterMetrics(registry);
  for (const message of composed.messages) metrics.published(message, event);
  assert.equal(readMetric(await registry.render(), "sensealerts_alerter_alert_age_seconds_sum"), 0);
});

test("counts failures by code and events by outcome, each outcome from the start", async () => {
  const registry = createMetrics("test");
  const metrics = createAlerterMetrics(registry);
  assert.match(await registry.render(), /^sensealerts_alerter_events_total\{lane="full",outcome="dead"\} 0$/m);
  metrics.refused("no-answer");
  metrics.taken("basic", 1);
  metrics.taken("full", 2);
  metrics.finished("basic", "done");
  metrics.finished("full", "done");
  metrics.passedOver("basic", 40);
  const text = await registry.render();
  assert.equal(readMetric(text, "sensealerts_alerter_publish_failures_total", { code: "no-answer" }), 1);
  assert.equal(readMetric(text, "sensealerts_alerter_events_total", { outcome: "done" }), 2);
  assert.equal(readMetric(text, "sensealerts_alerter_events_total", { outcome: "too-old" }), 40);
  assert.equal(readMetric(text, "sensealerts_alerter_events_taken_total"), 2);
  assert.equal(readMetric(text, "sensealerts_alerter_events_redelivered_total"), 1);
});

test("counts dead letters by reason", async () => {
  const registry = createMetrics("test");
  const metrics = createAlerterMetrics(registry);
  for (const reason of ["not-json", "packet-too-large", "not-json"]) metrics.deadLetter(reason);
  const counted = readMetric(await registry.render(), "sensealerts_alerter_dead_letters_total", { reason: "not-json" });
  assert.equal(counted, 2);
});

test("shows the links as they are at the scrape", async () => {
  const registry = createMetrics("test");
  let online = false;
  createAlerterMetrics(registry).observe({ ...links, broker: { ...links.broker, online: () => online } });
  const values = async () => {
    const text = await registry.render();
    const names = [
      ...["events_in_hand", "stream_pending_events", "messages_in_flight", "broker_mqtt_version"],
      ...["refused_topics", "broker_connected"],
    ];
    return names.map((name) => readMetric(text, `sensealerts_alerter_${name}`));
  };
  assert.deepEqual(await values(), [2, 4, 3, 5, 1, 0]);
  online = true;
  assert.deepEqual(await values(), [2, 4, 3, 5, 1, 1]);
});

test("asks once a scrape and lane what waits for the consumer, and shows nothing of it when there is no answer", async () => {
  const registry = createMetrics("test");
  let backlog: Backlog | undefined = { pending: 7, ackPending: 2 };
  let asked = 0;
  const asking: LaneState = {
    ...lane,
    backlog: async () => {
      asked++;
      return backlog;
    },
  };
  createAlerterMetrics(registry).observe({ ...links, lanes: { basic: asking, full: asking } });
  const shown = async () => (await registry.render()).match(/^sensealerts_alerter_consumer_\S*pending\S+ \d+$/gm);
  assert.deepEqual(await shown(), [
    'sensealerts_alerter_consumer_pending_events{lane="basic"} 7',
    'sensealerts_alerter_consumer_pending_events{lane="full"} 7',
    'sensealerts_alerter_consumer_ack_pending_events{lane="basic"} 2',
    'sensealerts_alerter_consumer_ack_pending_events{lane="full"} 2',
  ]);
  assert.equal(asked, 2);
  backlog = undefined;
  assert.equal(await shown(), null);
});

test("counts the answers of the broker by their reason, and one that a PUBACK should not have as other", async () => {
  const registry = createMetrics("test");
  const metrics = createAlerterMetrics(registry);
  for (const code of [0x00, 0x00, 0x10, 0x97, 0x42]) metrics.answered({ kind: "full" }, code, 20);
  const text = await registry.render();
  const counted = (reason: string) => readMetric(text, "sensealerts_alerter_pubacks_total", { reason });
  assert.deepEqual(["success", "no-matching-subscribers", "quota-exceeded", "other"].map(counted), [2, 1, 1, 1]);
  assert.equal(readMetric(text, "sensealerts_alerter_publish_seconds_sum"), 0.1);
});

test("counts reconnects to NATS, and to the broker all connections but the first", async () => {
  const registry = createMetrics("test");
  let brokerOnline = () => {};
  createAlerterMetrics(registry).observe({
    ...links,
    onNatsReconnect: (listener) => {
      for (let times = 0; times < 2; times++) listener();
    },
    broker: {
      ...links.broker,
      onOnline: (listener) => {
        brokerOnline = listener;
      },
    },
  });
  for (let times = 0; times < 2; times++) brokerOnline();
  const text = await registry.render();
  const counted = (link: string) => readMetric(text, `sensealerts_alerter_${link}_reconnects_total`);
  assert.deepEqual([counted("nats"), counted("broker")], [2, 1]);
});
