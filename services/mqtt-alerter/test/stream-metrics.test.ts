import assert from "node:assert/strict";
import { test } from "node:test";
import type { StreamStatus } from "@sense-alerts/bus";
import { createMetrics } from "@sense-alerts/service-kit";
import { observeStream } from "../src/stream-metrics.js";

test("asks once a scrape how near the stream is to its limits, and shows nothing when there is no answer", async () => {
  const registry = createMetrics("test");
  let status: StreamStatus | undefined = {
    oldestWaitingMs: 90_500,
    maxAgeMs: 604_800_000,
    bytesShare: 0.75,
    waitingBytesShare: 0.25,
  };
  let asked = 0;
  observeStream(registry, async () => {
    asked++;
    return status;
  });
  const shown = async () =>
    (await registry.render()).match(/^sensealerts_alerter_(oldest_waiting|stream)_\S+ [\d.]+$/gm);
  assert.deepEqual(await shown(), [
    "sensealerts_alerter_oldest_waiting_event_age_seconds 90.5",
    "sensealerts_alerter_stream_max_age_seconds 604800",
    "sensealerts_alerter_stream_bytes_ratio 0.75",
    "sensealerts_alerter_stream_waiting_bytes_ratio 0.25",
  ]);
  assert.equal(asked, 1);
  status = { oldestWaitingMs: 0, maxAgeMs: undefined, bytesShare: undefined, waitingBytesShare: undefined };
  assert.deepEqual(await shown(), ["sensealerts_alerter_oldest_waiting_event_age_seconds 0"]);
  status = undefined;
  assert.equal(await shown(), null);
});
