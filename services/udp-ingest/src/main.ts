import { busOptionsOf, startBus } from "@sense-alerts/bus";
import { delay } from "@sense-alerts/link-kit";
import { runService } from "@sense-alerts/service-kit";
import { createAllowedSources } from "./admission/allowed-sources.js";
import { createDatagramReader } from "./datagram/reader.js";
import { createIngest } from "./ingest.js";
import { createIngestMetrics } from "./metrics.js";
import { createOutboxes } from "./outbox/outboxes.js";
import { sumOf } from "./outbox/size.js";
import { openSpool } from "./outbox/spool/spool.js";
import { readSettings, spec } from "./settings.js";
import { listen, socketState } from "./socket/listen.js";
import { startStatus } from "./status/start-status.js";

/** How long datagrams wait for the end of a burst when there is a spool: a kill loses them. */
const longestWaitMs = 250;

await runService({
  name: "udp-ingest",
  args: process.argv.slice(2),
  env: process.env,
  spec,
  readSettings,
  start: async ({ settings, logger, metrics: registry, health, statusPage, signal, onStop }) => {
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

    const socket = listen({
      host: settings.UDP_HOST,
      port: settings.UDP_PORT,
      receiveBufferBytes: settings.UDP_RECEIVE_BUFFER_BYTES,
      ingest,
      onReceived: metrics.received,
      mayWait: events.hasRoomFor,
      makesRoom: events.makesRoom,
      longestWaitMs: spool && longestWaitMs,
      onKernelDropped: (datagrams) => {
        metrics.kernelDropped(datagrams);
        status.kernelDropped(datagrams);
      },
      logger,
    });
    metrics.observeSocket(socket.bound);
    const buffered = () => sumOf(events.size(), socket.waiting());
    metrics.observeBuffer(buffered);
    status.show(socket, buffered, spool);
    health.link("socket", { required: true, state: () => socketState(socket.bound()) });
    onStop("udp socket", async (hurry) => {
      const last = socket.bound();
      await socket.close(hurry);
      if (last !== undefined) ingest.report("stop", last.address, last.port, "");
    });
    onStop("drain", () => delay(settings.UDP_DRAIN_SECONDS * 1_000));
  },
});
