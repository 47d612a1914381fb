import { type Msg, type NatsConnection, nanos } from "nats";
import { type ApiStatus, statusOfMessage } from "../connection/api-status.js";
import type { Connection } from "../connection/connection.js";
import type { PullLimits } from "./durable.js";

export type PullEvents = {
  /** A message of the stream; `reply` is where it is acknowledged. */
  readonly onMessage: (message: Msg, reply: string) => void;
  /** NATS has ended the open request. */
  readonly onEnd: (status: ApiStatus) => void;
};

/** Pull requests to one consumer over one connection. */
export type Pull = {
  /** Asks for up to `count` messages within the consumer's limits, unless a request is open. */
  request(count: number, limits: PullLimits): void;
  isOpen(): boolean;
  /** When NATS last sent something for a request; when it was opened if nothing came yet. */
  heardMs(): number;
  /** Whether NATS has sent neither messages nor heartbeats for the open request for too long. */
  isSilent(nowMs: number): boolean;
  /** Resolves when no message can come any more. */
  close(): Promise<void>;
};

const expiresMs = 5_000;
const heartbeatMs = 1_000;
const heartbeatCode = 100;
const silentMs = 3_500;

/**
 * Speaks JetStream's pull protocol (ADR-37) on a plain subscription. `consume()` and `fetch()` of nats.js do not show
 * the reply subject of a delivery, which a repeated acknowledgement needs (see acks.ts), and a window over what the
 * handler has. One request is open at a time: NATS serves several in turn without saying which of them a message
 * answers.
 */
export function startPull(
  connection: Connection,
  on: NatsConnection,
  subject: string,
  { onMessage, onEnd }: PullEvents,
): Pull {
  const inbox = connection.newInbox();
  let requests = 0;
  let remaining = 0;
  let heardMs = 0;

  function onReply(message: Msg): void {
    const { reply } = message;
    if (reply !== undefined && reply !== "") {
      heardMs = performance.now();
      if (remaining > 0) remaining--;
      onMessage(message, reply);
      return;
    }
    // Of an earlier request.
    if (remaining === 0 || message.subject !== inbox + requests) return;
    heardMs = performance.now();
    const status = statusOfMessage(message);
    if (status === undefined || status.code === heartbeatCode) return;
    remaining = 0;
    onEnd(status);
  }

  const subscription = connection.subscribe(on, `${inbox}*`, onReply);

  return {
    request: (count, { maxBatch, maxExpiresNs }) => {
      if (remaining > 0) return;
      remaining = Math.min(count, maxBatch);
      heardMs = performance.now();
      const expires = Math.min(nanos(expiresMs), maxExpiresNs);
      const heartbeat = Math.min(nanos(heartbeatMs), Math.floor(expires / 2));
      const wanted = { batch: remaining, expires, idle_heartbeat: heartbeat };
      on.publish(subject, JSON.stringify(wanted), { reply: `${inbox}${++requests}` });
    },
    isOpen: () => remaining > 0,
    heardMs: () => heardMs,
    isSilent: (nowMs) => remaining > 0 && nowMs - heardMs > silentMs,
    close: async () => {
      remaining = 0;
      // A closed connection brings no messages either.
      await subscription.drain().catch(() => undefined);
    },
  };
}
