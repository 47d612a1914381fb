import assert from "node:assert/strict";
import { test } from "node:test";
import { eventTypes } from "@sense-alerts/event-contract";
import { createMetrics } from "@sense-alerts/service-kit";
import { readMetric } from "@sense-alerts/test-kit";
import { rejections } from "../src/datagram/rejection.js";
import { createIngestMetrics } from "../src/metrics.js";
import { outboxResults } from "../src/outbox/outbox.js";
import type { BoundSocket } from "../src/socket/udp-socket.js";

function ingestMetrics() {
  const registry = createMetrics("udp-ingest");
  /** Value by series, as Prometheus would read them. */
  const scrape = async () => {
    const lines = (await registry.render())
      .split("\n")
      .filter((line) => /^sensealerts_ingest_(?!publish_seconds)/.test(line));
    return new Map(
      lines.map((line) => {
        const valueFrom = line.lastIndexOf(" ");
        return [line.slice(0, valueFrom), Number(line.slice(valueFrom))] as const;
      }),
    );
  };
  return { metrics: createIngestMetrics(registry), scrape, render: registry.render };
}

test("has every counter at zero before anything is counted, so that a rule sees the first", async () => {
  const { scrape } = ingestMetrics();
  const expected = new Map<string, number>([
    ["sensealerts_ingest_datagrams_received_total", 0],
    ["sensealerts_ingest_kernel_dropped_datagrams_total", 0],
    ["sensealerts_ingest_status_events_total", 0],
    ["sensealerts_ingest_spool_recovered_events_total", 0],
    ["sensealerts_ingest_spool_torn_records_total", 0],
    ["sensealerts_ingest_spool_errors_total", 0],
    ["sensealerts_ingest_truncated_events_total", 0],
    ["sensealerts_ingest_nats_reconnects_total", 0],
    ["sensealerts_ingest_last_datagram_timestamp_seconds", 0],
  ]);
  for (const code of ["disconnected", "no-ack", "unavailable", "no-stream", "refused", "outdated"]) {
    expected.set(`sensealerts_ingest_publish_failures_total{code="${code}"}`, 0);
  }
  for (const reason of rejections) expected.set(`sensealerts_ingest_datagrams_rejected_total{reason="${reason}"}`, 0);
  expected.set('sensealerts_ingest_rejected_copies_total{result="lost-at-stop"}', 0);
  for (const result of outboxResults) {
    expected.set(`sensealerts_ingest_rejected_copies_total{result="${result}"}`, 0);
    for (const type of eventTypes) {
      expected.set(`sensealerts_ingest_events_total{type="${type}",result="${result}"}`, 0);
    }
  }
  assert.deepEqual(new Map([...(await scrape())].toSorted()), new Map([...expected].toSorted()));
});

test("counts each thing under its own name and labels", async () => {
  const { metrics, scrape } = ingestMetrics();
  for (let times = 0; times < 3; times++) metrics.received(1_700_000_000_500);
  assert.equal((await scrape()).get("sensealerts_ingest_last_datagram_timestamp_seconds"), 1_700_000_000.5);
  metrics.rejected("too-short");
  metrics.settled("sense.task.failed", "stored");
  metrics.settled("sense.task.failed", "dropped-buffer-full");
  metrics.rejectedSettled("duplicate");
  metrics.rejectedLostAtStop(4);
  metrics.truncated();
  metrics.retried("no-ack");
  metrics.reported();
  metrics.spoolRecovered(5);
  metrics.spoolTorn(2);
  metrics.spoolFailed();
  const counted = [...(await scrape())].filter(([name, value]) => value > 0 && !name.endsWith("_seconds"));
  assert.deepEqual(
    new Map(counted.toSorted()),
    new Map([
      ["sensealerts_ingest_datagrams_received_total", 3],
      ['sensealerts_ingest_datagrams_rejected_total{reason="too-short"}', 1],
      ['sensealerts_ingest_events_total{type="sense.task.failed",result="dropped-buffer-full"}', 1],
      ['sensealerts_ingest_events_total{type="sense.task.failed",result="stored"}', 1],
      ['sensealerts_ingest_publish_failures_total{code="no-ack"}', 1],
      ["sensealerts_ingest_status_events_total", 1],
      ["sensealerts_ingest_truncated_events_total", 1],
      ["sensealerts_ingest_spool_errors_total", 1],
      ["sensealerts_ingest_spool_recovered_events_total", 5],
      ["sensealerts_ingest_spool_torn_records_total", 2],
      ['sensealerts_ingest_rejected_copies_total{result="duplicate"}', 1],
      ['sensealerts_ingest_rejected_copies_total{result="lost-at-stop"}', 4],
    ]),
  );
});

test("shows the buffer, the spool and the socket as they are at each scrape", async () => {
  const { metrics, scrape } = ingestMetrics();
  let size = { events: 7, bytes: 700 };
  let spooled = { events: 3, bytes: 300 };
  let bound: BoundSocket | undefined = {
    address: "0.0.0.0",
    port: 9998,
    receiveBufferBytes: 65_536,
    readsBatches: true,
  };
  metrics.observeBuffer(() => size);
  metrics.observeSpool(() => spooled);
  metrics.observeSocket(() => bound);
  const gauges = async () => {
    const values = await scrape();
    return ["buffered_events", "buffered_bytes", "spooled_events", "spooled_bytes", "receive_buffer_bytes"].map(
      (name) => values.get(`sensealerts_ingest_${name}`),
    );
  };
  assert.deepEqual(await gauges(), [7, 700, 3, 300, 65_536]);
  size = { events: 0, bytes: 0 };
  spooled = { events: 0, bytes: 0 };
  bound = undefined;
  assert.deepEqual(await gauges(), [0, 0, 0, 0, 0]);
});

test("counts reconnects to NATS, and how long its answers took", async () => {
  const { metrics, render } = ingestMetrics();
  metrics.observeNats((listener) => listener());
  metrics.answered(20);
  const text = await render();
  assert.equal(readMetric(text, "sensealerts_ingest_nats_reconnects_total"), 1);
  assert.equal(readMetric(text, "sensealerts_ingest_publish_seconds_sum"), 0.02);
});
