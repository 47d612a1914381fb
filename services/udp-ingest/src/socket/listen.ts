import type { LinkState, Logger } from "@sense-alerts/service-kit";
import type { Ingest } from "../ingest.js";
import { watchKernelDrops } from "./kernel-drops.js";
import { type ReceiveOptions, type Receiving, startReceiving } from "./receive.js";
import { createStatusReports } from "./status-reports.js";
import type { BoundSocket } from "./udp-socket.js";

export type ListenOptions = Pick<
  ReceiveOptions,
  "host" | "port" | "receiveBufferBytes" | "onReceived" | "mayWait" | "makesRoom" | "longestWaitMs"
> & {
  readonly ingest: Ingest;
  readonly onKernelDropped: (datagrams: number) => void;
  readonly logger: Logger;
};

/**
 * Receives datagrams for as long as the service runs. The state of the socket is logged and published as status events.
 */
export function listen(options: ListenOptions): Receiving {
  const { host, port, receiveBufferBytes, ingest, logger } = options;
  const reports = createStatusReports();
  let warned = false;
  const socket = startReceiving({
    host,
    port,
    receiveBufferBytes,
    onReceived: options.onReceived,
    onDatagram: ingest.receive,
    mayWait: options.mayWait,
    makesRoom: options.makesRoom ?? (() => false),
    longestWaitMs: options.longestWaitMs,
    onBound: (bound) => {
      logger.info(bound, "udp socket listening");
      if (reports.isDue("start")) ingest.report("start", bound.address, bound.port, "");
      const granted = bound.receiveBufferBytes;
      if (warned || granted >= receiveBufferBytes) return;
      warned = true;
      const mend = `sysctl -w net.core.rmem_max=${receiveBufferBytes}`;
      logger.warn(
        { asked: receiveBufferBytes, granted, mend },
        "the kernel granted a smaller receive buffer: bursts may be lost",
      );
    },
    onError: (error, retryMs) => {
      const isDue = reports.isDue("error", error.message);
      logger[isDue ? "error" : "debug"]({ err: error, host, port, retryMs }, "udp socket failed; it is bound again");
      if (isDue) ingest.report("error", host, port, error.message);
    },
  });
  const kernelDrops = watchKernelDrops({
    port: () => socket.bound()?.port,
    onDropped: (datagrams) => {
      options.onKernelDropped(datagrams);
      logger.error({ datagrams }, "the kernel dropped datagrams: the receive buffer was full");
    },
  });
  return {
    bound: socket.bound,
    waiting: socket.waiting,
    close: async (hurry) => {
      await socket.close(hurry);
      kernelDrops.close();
    },
  };
}

/** The socket as a link of the service. */
export function socketState(bound: BoundSocket | undefined): LinkState {
  if (bound === undefined) return { up: false, detail: "not bound; see the log for the reason" };
  return { up: true, detail: "bound", ...bound };
}
