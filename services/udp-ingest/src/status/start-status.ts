import type { ServiceContext } from "@sense-alerts/service-kit";
import type { Outbox } from "../outbox/outbox.js";
import type { Spool } from "../outbox/spool/spool.js";
import type { UdpIngestSettings } from "../settings.js";
import type { UdpSocket } from "../socket/udp-socket.js";
import { createIngestStatus } from "./ingest-status.js";
import { createJournal, type Journal } from "./journal.js";

export type IngestStatus = Pick<Journal, "read" | "settled"> & {
  kernelDropped(datagrams: number): void;
  /** From here on the page shows what the service is made of. */
  show(socket: Pick<UdpSocket, "bound">, buffered: Outbox<unknown>["size"], spool: Spool | undefined): void;
};

const nothing: IngestStatus = { read: () => {}, settled: () => {}, kernelDropped: () => {}, show: () => {} };

/** Notes what the status page shows; nothing where there is none. */
export function startStatus(
  page: ServiceContext<UdpIngestSettings>["statusPage"],
  settings: UdpIngestSettings,
): IngestStatus {
  if (page === undefined) return nothing;
  const journal = createJournal();
  let kernelDropped = 0;
  return {
    read: journal.read,
    settled: journal.settled,
    kernelDropped: (datagrams) => {
      kernelDropped += datagrams;
    },
    show: (socket, buffered, spool) =>
      page.show(
        createIngestStatus({
          detail: page.detail,
          wantedPort: settings.UDP_PORT,
          askedBufferBytes: settings.UDP_RECEIVE_BUFFER_BYTES,
          fallbackEncoding: settings.UDP_FALLBACK_ENCODING,
          journal,
          look: () => ({
            socket: socket.bound(),
            buffered: buffered(),
            spooled: spool && { events: spool.last() - spool.mark(), bytes: spool.bytes() },
            kernelDropped,
          }),
        }),
      ),
  };
}
