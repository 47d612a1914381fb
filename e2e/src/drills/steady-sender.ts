import { randomUUID } from "node:crypto";
import { createSocket } from "node:dgram";
import { taskDatagram } from "@sense-alerts/test-kit";

export interface Sent {
  readonly executionId: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

export interface SteadySender {
  /** What has left so far, in order; grows. */
  readonly sent: readonly Sent[];
  stop(): void;
}

/** Sends failed tasks at that rate until it is stopped, to the ports in turn. */
export function sendSteadily(ports: readonly number[], perSecond: number): SteadySender {
  const socket = createSocket("udp4");
  const sent: Sent[] = [];
  const startMs = performance.now();
  const timer = setInterval(() => {
    const due = (perSecond * (performance.now() - startMs)) / 1_000;
    while (sent.length < due) {
      const executionId = randomUUID();
      const port = ports[sent.length % ports.length];
      sent.push({ executionId, atMs: Date.now() });
      socket.send(taskDatagram({ executionId }), port, "127.0.0.1");
    }
  }, 1);
  return {
    sent,
    stop: () => {
      clearInterval(timer);
      socket.close();
    },
  };
}
