import { delay } from "@sense-alerts/link-kit";
import type { ServiceContext } from "@sense-alerts/service-kit";
import type { Ingest } from "../ingest.js";
import type { IngestMetrics } from "../metrics.js";
import type { Outboxes } from "../outbox/outboxes.js";
import { sumOf } from "../outbox/size.js";
import type { Spool } from "../outbox/spool/spool.js";
import type { UdpIngestSettings } from "../settings.js";
import type { IngestStatus } from "../status/start-status.js";
import { listen, socketState } from "./listen.js";

type Context = Pick<ServiceContext<UdpIngestSettings>, "settings" | "logger" | "health" | "onStop">;

type Parts = {
  readonly ingest: Ingest;
  readonly events: Outboxes["events"];
  readonly spool: Spool | undefined;
  readonly metrics: IngestMetrics;
  readonly status: IngestStatus;
};

/** How long datagrams wait for the end of a burst when there is a spool: a kill loses them. */
const longestWaitMs = 250;

/**
 * Receives from here on. At the stop it goes on for UDP_DRAIN_SECONDS, then closes the socket and says so in a status
 * event.
 */
export function startSocket(
  { settings, logger, health, onStop }: Context,
  { ingest, events, spool, metrics, status }: Parts,
): void {
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
}
