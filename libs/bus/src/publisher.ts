import { headers, type Msg, type NatsConnection, NatsError } from "nats";
import { BusError } from "./bus-error.js";
import type { Connection } from "./connection.js";
import { type PublishAck, readAck } from "./publish-ack.js";

export type BusMessage = {
  readonly subject: string;
  /** The `Nats-Msg-Id`: the stream keeps the first of several messages with one id within its dedup window. */
  readonly id: string;
  readonly payload: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** Stored only when this is the sequence of the subject's last message, 0 = there is none; else `outdated`. */
  readonly expectedLast?: number;
};

export type Publisher = {
  /** Resolves when JetStream has stored the message, or had it already. Rejects with a BusError; never waits longer than `ackTimeoutMs`. */
  publish(message: BusMessage): Promise<PublishAck>;
  close(): void;
};

type Waiter = { resolve(ack: PublishAck): void; reject(error: BusError): void };
type Unsent = Waiter & { readonly message: BusMessage };
type Pending = Waiter & { readonly deadlineMs: number };

const ackTimeoutMs = 5_000;

/**
 * Publishes with acknowledgement over one reply inbox, so that many acknowledgements can be outstanding at little cost each:
 * a request object of nats.js per message is what `js.publish` spends most of its time on.
 */
export function createPublisher(connection: Connection, onAnswer: (afterMs: number) => void = () => {}): Publisher {
  // Insertion order is deadline order, since every message has the same time-out.
  const pending = new Map<string, Pending>();
  let inbox = "";
  let lastToken = 0;
  /** Published in this turn of the event loop. */
  let unsent: Unsent[] = [];

  function settle(token: string): Pending | undefined {
    const entry = pending.get(token);
    pending.delete(token);
    return entry;
  }

  function rejectAll(error: BusError): void {
    const entries = [...pending.values()];
    pending.clear();
    for (const entry of entries) entry.reject(error);
  }

  function onReply(message: Msg): void {
    const entry = settle(message.subject.slice(inbox.length));
    if (entry === undefined) return;
    onAnswer(performance.now() - entry.deadlineMs + ackTimeoutMs);
    const answer = readAck(message.data);
    if (answer instanceof BusError) {
      if (answer.code === "no-stream") connection.recheck();
      entry.reject(answer);
    } else entry.resolve(answer);
  }

  connection.onOpen((opened: NatsConnection) => {
    inbox = connection.newInbox();
    opened.subscribe(`${inbox}*`, {
      callback: (error, message) => {
        // A permission that is missing is reported by the connection.
        if (error === null) onReply(message);
      },
    });
  });
  connection.onChange((up) => {
    if (!up) rejectAll(new BusError("disconnected", "the connection to NATS broke before the acknowledgement"));
  });

  const sweeper = setInterval(() => {
    const nowMs = performance.now();
    for (const [token, entry] of pending) {
      if (entry.deadlineMs > nowMs) break;
      settle(token)?.reject(new BusError("no-ack", `no acknowledgement from NATS within ${ackTimeoutMs} ms`));
    }
  }, 250);
  sweeper.unref();

  function send({ message, resolve, reject }: Unsent): void {
    const current = connection.current();
    if (current === undefined) {
      reject(new BusError("disconnected", "no connection to NATS"));
      return;
    }
    const token = String(++lastToken);
    try {
      const natsHeaders = headers();
      natsHeaders.set("Nats-Msg-Id", message.id);
      if (message.expectedLast !== undefined) {
        natsHeaders.set("Nats-Expected-Last-Subject-Sequence", String(message.expectedLast));
      }
      for (const [name, value] of Object.entries(message.headers ?? {})) {
        // A line break would end the header.
        natsHeaders.set(name, value.replace(/[\r\n]+/g, " "));
      }
      current.publish(message.subject, message.payload, { headers: natsHeaders, reply: inbox + token });
    } catch (error) {
      reject(publishError(error));
      return;
    }
    pending.set(token, { resolve, reject, deadlineMs: performance.now() + ackTimeoutMs });
  }

  /** nats.js writes what is published in one go with one write. */
  function sendAll(): void {
    const batch = unsent;
    unsent = [];
    for (const entry of batch) send(entry);
  }

  return {
    publish: (message) =>
      new Promise((resolve, reject) => {
        if (unsent.push({ message, resolve, reject }) === 1) setImmediate(sendAll);
      }),
    close: () => {
      clearInterval(sweeper);
      rejectAll(new BusError("disconnected", "the bus was closed before the acknowledgement"));
    },
  };
}

function publishError(error: unknown): BusError {
  if (error instanceof NatsError && error.code === "MAX_PAYLOAD_EXCEEDED") {
    return new BusError("too-large", "the message is larger than max_payload of the NATS server", { cause: error });
  }
  return new BusError("disconnected", "NATS took no message", { cause: error });
}
