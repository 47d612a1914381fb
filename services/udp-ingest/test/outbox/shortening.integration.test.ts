import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bus, busOptionsOf, startBus } from "@sense-alerts/bus";
import { decodeEvent, type TaskEvent, type TaskEventType } from "@sense-alerts/event-contract";
import { createMetrics } from "@sense-alerts/service-kit";
import {
  cleanUpAfter,
  eventually,
  publishNats,
  readMetric,
  type Scope,
  startNats,
  tempDir,
} from "@sense-alerts/test-kit";
import { eventMessage } from "../../src/messages.js";
import { createIngestMetrics } from "../../src/metrics.js";
import { createOutboxes } from "../../src/outbox/outboxes.js";
import { readSettings } from "../../src/settings.js";
import { captureLog } from "../captured-log.js";
import { failedTask } from "../failed-task.js";
import { open } from "./spool/open-spool.js";

type Spooling = "in memory" | "with a spool";

async function startOutboxes(t: Scope, natsUrl: string, spooling: Spooling) {
  const { logger, lines } = captureLog();
  const bus = startBus(busOptionsOf(readSettings({ NATS_URL: natsUrl }), "udp-ingest"), logger);
  cleanUpAfter(t, bus.close);
  const registry = createMetrics("udp-ingest");
  const { events } = createOutboxes({
    bus,
    spool: spooling === "in memory" ? undefined : await open(t, tempDir(t)),
    maxEvents: 1_000,
    maxBytes: 10_000_000,
    metrics: createIngestMetrics(registry),
    logger,
    onEventSettled: () => {},
  });
  const stored = (count: number) =>
    eventually(() => assert.equal(events.size().events, 0), { what: `${count} stored` });
  const warnings = () =>
    lines().filter(({ msg }) => msg === "event is larger than nats accepts: its log message is cut");
  return { bus, events, stored, warnings, registry };
}

function eventOf(type: TaskEventType, logMessage: string): TaskEvent {
  return { ...failedTask, type, id: `${type}:1`, data: { ...failedTask.data, logMessage } };
}

async function storedOn(bus: Bus, subject: string) {
  const message = await bus.last("SENSE_EVENTS", subject);
  assert(message !== undefined, `nothing on ${subject}`);
  const decoded = decodeEvent(message.bytes);
  assert(decoded.ok && decoded.event.type !== "sense.ingest.status");
  return { sequence: message.sequence, bytes: message.bytes.length, id: decoded.event.id, data: decoded.event.data };
}

const longMessage = "Max retries reached; försäljning 🤪\r\n".repeat(1_000);

for (const spooling of ["in memory", "with a spool"] as const) {
  test(`stores an event larger than max_payload with its log message cut, in its place, ${spooling}`, async (t) => {
    const server = await startNats(t, { config: "max_payload: 4096" });
    const { bus, events, stored, warnings, registry } = await startOutboxes(t, server.url, spooling);
    // Added before the server's limit is known.
    events.add(eventMessage(eventOf("sense.task.failed", "short"), "sense"));
    events.add(eventMessage(eventOf("sense.task.aborted", longMessage), "sense"));
    events.add(eventMessage(eventOf("sense.task.succeeded", "short"), "sense"));
    await stored(3);
    const cut = await storedOn(bus, "sense.task.aborted");
    const { logMessage, ...data } = cut.data;
    const { logMessage: _, ...whole } = failedTask.data;
    assert.deepEqual(data, { ...whole, truncated: ["logMessage"] });
    assert(longMessage.startsWith(logMessage) && logMessage.length > 1_000, logMessage);
    assert(cut.bytes > 3_900 && cut.bytes <= 4_096, `${cut.bytes} bytes`);
    assert.equal(cut.id, "sense.task.aborted:1");
    const others = await Promise.all([storedOn(bus, "sense.task.failed"), storedOn(bus, "sense.task.succeeded")]);
    assert.deepEqual([others[0].sequence, cut.sequence, others[1].sequence], [1, 2, 3]);
    for (const { data } of others) assert.equal("truncated" in data, false);
    assert.deepEqual(
      warnings().map(({ eventId, suppressed }) => [eventId, suppressed]),
      [["sense.task.aborted:1", 0]],
    );
    assert.equal(readMetric(await registry.render(), "sensealerts_ingest_truncated_events_total"), 1);
  });

  test(`stores an event larger than max_msg_size of the stream with its log message cut, ${spooling}`, async (t) => {
    const server = await startNats(t);
    const config = { name: "SENSE_EVENTS", subjects: ["sense.task.*", "sense.engine.*", "sense.ingest.*"] };
    const payload = JSON.stringify({
      ...config,
      max_msg_size: 3_000,
      storage: "file",
      retention: "limits",
      num_replicas: 1,
    });
    await publishNats(server.port, [{ subject: "$JS.API.STREAM.CREATE.SENSE_EVENTS", payload }]);
    await eventually(async () => assert((await server.stream("SENSE_EVENTS")) !== undefined));
    const { bus, events, stored, registry } = await startOutboxes(t, server.url, spooling);
    events.add(eventMessage(eventOf("sense.task.failed", longMessage), "sense"));
    await stored(1);
    const { data, bytes } = await storedOn(bus, "sense.task.failed");
    assert.deepEqual(data.truncated, ["logMessage"]);
    assert(longMessage.startsWith(data.logMessage) && data.logMessage !== "");
    assert(bytes <= 3_000);
    assert.equal(readMetric(await registry.render(), "sensealerts_ingest_truncated_events_total"), 1);
  });
}

test("drops an event whose names are larger than max_payload, and stores the next one", async (t) => {
  const server = await startNats(t, { config: "max_payload: 4096" });
  const { bus, events, stored, registry } = await startOutboxes(t, server.url, "in memory");
  const large = eventOf("sense.task.failed", "message");
  events.add(eventMessage({ ...large, data: { ...large.data, taskName: "a".repeat(5_000) } }, "sense"));
  events.add(eventMessage(eventOf("sense.task.aborted", "message"), "sense"));
  await stored(1);
  assert.equal((await storedOn(bus, "sense.task.aborted")).sequence, 1);
  const text = await registry.render();
  const labels = { type: "sense.task.failed", result: "dropped-too-large" };
  assert.equal(readMetric(text, "sensealerts_ingest_events_total", labels), 1);
  assert.equal(readMetric(text, "sensealerts_ingest_truncated_events_total"), 0);
});
