import { headers, type NatsConnection } from "nats";
import { BusError } from "../connection/bus-error.js";
import { dialOnce } from "../connection/dial.js";
import { explainNatsError } from "../connection/explain.js";
import { jetStreamOptions, managerOptions } from "../connection/jetstream-api.js";
import type { BusOptions } from "../connection/options.js";
import { hostAndPort } from "../connection/servers.js";
import type { PublishAck } from "../publisher/publish-ack.js";
import type { BusMessage } from "../publisher/publisher.js";
import { apiCodeOf, busError, getMessage, type StoredMessage } from "./stored-message.js";
import { rejectedStreamName } from "./streams.js";

/** The stream of rejected datagrams and dead letters in the hands of a person. All of it rejects with a BusError, within 5 s. */
export type RejectedStream = {
  readonly name: string;
  /** Every message, oldest first, up to the newest that there is at the start. */
  messages(): AsyncGenerator<StoredMessage>;
  /** Undefined when the stream does not hold it, or no longer. */
  message(sequence: number): Promise<StoredMessage | undefined>;
  /** A message of the event stream. */
  event(sequence: number): Promise<StoredMessage | undefined>;
  /** Resolves when the event stream, and no other, has stored the message, or had it already. */
  publishEvent(message: BusMessage): Promise<PublishAck>;
  /** Resolves also when somebody else has removed it before. */
  remove(sequence: number): Promise<void>;
  close(): Promise<void>;
};

const sequenceNotFound = 10043;
/** Requests under way at once: round trips are what the reading of a stream takes its time for. */
const pageSize = 32;

/** Connects once, makes nothing, and waits for nobody; rejects with a BusError when there is no NATS or no such stream. */
export async function openRejectedStream(options: BusOptions): Promise<RejectedStream> {
  const name = rejectedStreamName(options.streamName);
  const connection = await dial(options);
  const manager = await connection.jetstreamManager(managerOptions(options));
  const jetStream = connection.jetstream(jetStreamOptions(options));

  const get = (stream: string, query: Parameters<typeof getMessage>[2]) => getMessage(manager, stream, query, options);

  async function state() {
    try {
      return (await manager.streams.info(name)).state;
    } catch (error) {
      throw busError(error, name, options);
    }
  }

  try {
    await state();
  } catch (error) {
    await connection.close();
    throw error;
  }
  return {
    name,
    async *messages() {
      const { first_seq, last_seq } = await state();
      for (let from = first_seq; from <= last_seq; from += pageSize) {
        // What was removed leaves gaps of any size; the server knows what comes behind one.
        const first = await get(name, { seq: from, next_by_subj: ">" });
        if (first === undefined || first.sequence > last_seq) return;
        from = first.sequence;
        const length = Math.min(pageSize - 1, last_seq - from);
        const rest = await Promise.all(Array.from({ length }, (_, index) => get(name, { seq: from + 1 + index })));
        yield first;
        for (const message of rest) if (message !== undefined) yield message;
      }
    },
    message: (sequence) => get(name, { seq: sequence }),
    event: (sequence) => get(options.streamName, { seq: sequence }),
    publishEvent: async (message) => {
      const natsHeaders = headers();
      for (const [key, value] of Object.entries(message.headers ?? {})) natsHeaders.set(key, value);
      try {
        const { seq, duplicate } = await jetStream.publish(message.subject, message.payload, {
          msgID: message.id,
          headers: natsHeaders,
          expect: { streamName: options.streamName },
        });
        return { sequence: seq, duplicate };
      } catch (error) {
        throw busError(error, options.streamName, options);
      }
    },
    remove: async (sequence) => {
      try {
        await manager.streams.deleteMessage(name, sequence, false);
      } catch (error) {
        if (apiCodeOf(error) !== sequenceNotFound) throw busError(error, name, options);
      }
    },
    close: () => connection.close(),
  };
}

async function dial(options: BusOptions): Promise<NatsConnection> {
  try {
    return await dialOnce(options);
  } catch (error) {
    const where = options.servers.map(hostAndPort).join(", ");
    throw new BusError("disconnected", `no connection to NATS at ${where}: ${explainNatsError(error, options)}`, {
      cause: error,
    });
  }
}
