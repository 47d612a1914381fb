import { busOptionsOf, startBus } from "@sense-alerts/bus";
import { runService } from "@sense-alerts/service-kit";
import { createAllowedSources } from "./admission/allowed-sources.js";
import { createDatagramReader } from "./datagram/reader.js";
import { createIngest } from "./ingest.js";
import { createIngestMetrics } from "./metrics.js";
import { createOutboxes } from "./outbox/outboxes.js";
import { openSpool } from "./outbox/spool/spool.js";
import { readSettings, spec } from "./settings.js";
import { startSocket } from "./socket/start-socket.js";
import { startStatus } from "./status/start-status.js";

await runService({
  name: "udp-ingest",
  args: process.argv.slice(2),
  env: process.env,
  spec,
  readSettings,
  start: async (context) => {
    const { settings, logger, metrics: registry, health, statusPage, signal, onStop } = context;
    const { INSTANCE_ID: instance, NATS_SUBJECT_PREFIX: subjectPrefix, SPOOL_DIR: spoolDir } = settings;

    const metrics = createIngestMetrics(registry);
    const options = busOptionsOf(settings, "udp-ingest", instance);
    const uses = ["publish-events", "publish-rejected"] as const;
    const bus = startBus({ ...options, uses, onAnswer: metrics.answered }, logger);
    onStop("nats", bus.close);
    // Not required: while NATS is away datagrams are still received, and kept.
    health.link("nats", { required: false, state: bus.state });
    metrics.observeNats(bus.onReconnect);

    const status = startStatus(statusPage, settings);
    const onWaiting = (owner: string, waitMs: number) =>
      logger.warn({ dir: spoolDir, owner, waitMs }, "waiting: the spool is taken over unless its owner is alive");
    const spoolOwner = { instance, signal, onWaiting };
    const spool = spoolDir === undefined ? undefined : await openSpool(spoolDir, settings.SPOOL_MAX_BYTES, spoolOwner);
    if (spool !== undefined) onStop("spool", spool.close);
    const { events, rejected, close } = createOutboxes({
      bus,
      spool,
      maxEvents: settings.BUFFER_MAX_EVENTS,
      maxBytes: settings.BUFFER_MAX_BYTES,
      metrics,
      onEventSettled: status.settled,
      logger,
    });
    onStop("outboxes", close);

    const sources = await createAllowedSources({
      rules: settings.UDP_ALLOWED_SOURCES,
      onUnresolved: (name, error) => logger.warn({ err: error, name }, "allowed source cannot be resolved"),
    });
    onStop("allowed sources", sources.close);

    const ingest = createIngest({
      instance,
      subjectPrefix,
      maxDatagramBytes: settings.UDP_MAX_DATAGRAM_BYTES,
      allows: sources.allows,
      sourceRatePerSecond: settings.UDP_SOURCE_RATE_PER_SECOND,
      read: createDatagramReader({
        eventSource: `/udp-ingest/${instance}`,
        fallbackEncoding: settings.UDP_FALLBACK_ENCODING,
        senseTimezone: settings.SENSE_TIMEZONE,
      }),
      sendEvent: events.add,
      sendRejected: rejected.add,
      onRead: status.read,
      onRejected: metrics.rejected,
      onReported: metrics.reported,
      warn: (facts, message) => logger.warn(facts, message),
    });

    startSocket(context, { ingest, events, spool, metrics, status });
  },
});
