import { NumberMap } from "@sense-alerts/link-kit";
import { type Msg, type MsgHdrs, type NatsConnection, NatsError } from "nats";
import { BusError } from "../connection/bus-error.js";
import type { Connection } from "../connection/connection.js";
import { encodeHeaders } from "./header-block.js";
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

/** The result for a message: JetStream has stored it, or had it already; or why it has not. */
export type PublishAnswer = PublishAck | BusError;

/**
 * Called once for each message, within `ackTimeoutMs`; before `send` returns if the message could not be sent at all.
 */
export type OnAnswer<M> = (message: M, answer: PublishAnswer) => void;

export type Publisher = {
  /** Sends at once. Neither a promise nor a function is made for a message: this is the path of every event. */
  send<M extends BusMessage>(message: M, onAnswer: OnAnswer<M>): void;
  /**
   * Resolves when JetStream has stored the message, or had it already. Rejects with a BusError; never waits longer than
   * `ackTimeoutMs`.
   */
  publish(message: BusMessage): Promise<PublishAck>;
  close(): void;
};

type Pending = {
  readonly number: number;
  readonly message: BusMessage;
  readonly onAnswer: OnAnswer<BusMessage>;
  readonly sentMs: number;
};

const ackTimeoutMs = 5_000;

/**
 * Publishes with acknowledgement over one reply inbox, so that many acknowledgements can be outstanding at little cost
 * each: a request object of nats.js per message is what `js.publish` spends most of its time on.
 */
export function createPublisher(connection: Connection, onAnswered: (afterMs: number) => void = () => {}): Publisher {
  /** By the number behind the inbox in the reply subject. */
  const pending = new NumberMap<Pending>();
  let inbox = "";
  let lastNumber = 0;

  function inOrder(): Pending[] {
    return pending.values().sort((one, other) => one.number - other.number);
  }

  function rejectAll(error: BusError): void {
    const entries = inOrder();
    pending.clear();
    for (const { message, onAnswer } of entries) onAnswer(message, error);
  }

  function onReply(reply: Msg): void {
    const number = Number(reply.subject.slice(inbox.length));
    const entry = pending.get(number);
    if (entry === undefined) return;
    pending.delete(number);
    const { message, onAnswer, sentMs } = entry;
    onAnswered(performance.now() - sentMs);
    const answer = readAck(reply.data);
    if (!(answer instanceof BusError)) connection.reportSuccess();
    else if (answer.code === "unavailable") connection.reportFailure(sentMs);
    onAnswer(message, answer);
  }

  connection.onOpen((opened: NatsConnection) => {
    inbox = connection.newInbox();
    connection.subscribe(opened, `${inbox}*`, onReply);
  });
  connection.onChange((up) => {
    if (!up) rejectAll(new BusError("disconnected", "the connection to NATS broke before the acknowledgement"));
  });

  const sweeper = setInterval(() => {
    const nowMs = performance.now();
    if (pending.size === 0) return;
    for (const { number, message, onAnswer, sentMs } of inOrder()) {
      if (nowMs - sentMs < ackTimeoutMs) break;
      pending.delete(number);
      connection.reportFailure(sentMs);
      onAnswer(message, new BusError("no-ack", `no acknowledgement from NATS within ${ackTimeoutMs} ms`));
    }
  }, 250);
  sweeper.unref();

  /** nats.js writes what is published in one go with one write. */
  function send<M extends BusMessage>(message: M, onAnswer: OnAnswer<M>): void {
    const current = connection.current();
    if (current === undefined) {
      onAnswer(message, new BusError("disconnected", `NATS is not usable: ${connection.state().detail}`));
      return;
    }
    const number = ++lastNumber;
    // Of headers nats.js wants nothing but their bytes; its own are brought into a map and out again.
    const headers = { encode: () => encodeHeaders(message) } as MsgHdrs & { encode(): Uint8Array };
    try {
      current.publish(message.subject, message.payload, { headers, reply: inbox + number });
    } catch (error) {
      onAnswer(message, publishError(error, message, current.info?.max_payload));
      return;
    }
    const sentMs = performance.now();
    pending.set(number, { number, message, onAnswer: onAnswer as OnAnswer<BusMessage>, sentMs });
  }

  return {
    send,
    publish: (message) =>
      new Promise((resolve, reject) => {
        send(message, (_, answer) => (answer instanceof BusError ? reject(answer) : resolve(answer)));
      }),
    close: () => {
      clearInterval(sweeper);
      rejectAll(new BusError("disconnected", "the bus was closed before the acknowledgement"));
    },
  };
}

function publishError(error: unknown, message: BusMessage, maxBytes: number | undefined): BusError {
  if (error instanceof NatsError && error.code === "MAX_PAYLOAD_EXCEEDED") {
    // The server counts the headers.
    const maxPayloadBytes = maxBytes === undefined ? undefined : maxBytes - encodeHeaders(message).length;
    const text = "the message is larger than max_payload of the NATS server";
    return new BusError("too-large", text, { maxPayloadBytes, cause: error });
  }
  return new BusError("disconnected", "NATS took no message", { cause: error });
}
