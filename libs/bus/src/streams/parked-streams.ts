import { headers, type NatsConnection } from "nats";
import { BusError } from "../connection/bus-error.js";
import { dialOnce } from "../connection/dial.js";
import { explainNatsError } from "../connection/explain.js";
import { jetStreamOptions, managerOptions } from "../connection/jetstream-api.js";
import type { BusOptions } from "../connection/options.js";
import { hostAndPort } from "../connection/servers.js";
import type { PublishAck } from "../publisher/publish-ack.js";
import type { BusMessage } from "../publisher/publisher.js";
import { openParkedStream, type ParkedStream } from "./parked-stream.js";
import { busError, getMessage, type StoredMessage } from "./stored-message.js";
import { deadLetterStreamName, rejectedStreamName } from "./wanted-streams.js";

/** What could not become an alert, for a person to look at. Everything rejects with a BusError, within 5 s. */
export type ParkedStreams = {
  readonly deadLetters: ParkedStream;
  /** Rejected datagrams. Up to version 0.1 dead letters were stored here too. */
  readonly rejected: ParkedStream;
  /** A message of the event stream. */
  event(sequence: number): Promise<StoredMessage | undefined>;
  /** Resolves when the event stream, and no other, has stored the message, or had it already. */
  publishEvent(message: BusMessage): Promise<PublishAck>;
  close(): Promise<void>;
};

/**
 * Connects once, creates nothing and does not wait; rejects with a BusError when there is no NATS, or neither stream.
 */
export async function openParkedStreams(options: BusOptions): Promise<ParkedStreams> {
  const names = [deadLetterStreamName(options.streamName), rejectedStreamName(options.streamName)] as const;
  const connection = await dial(options);
  try {
    const manager = await connection.jetstreamManager(managerOptions(options));
    const jetStream = connection.jetstream(jetStreamOptions(options));
    const [deadLetters, rejected] = await Promise.all([
      openParkedStream(manager, names[0], options),
      openParkedStream(manager, names[1], options),
    ]);
    // Each is created by the service that publishes to it, and that one may not have started yet.
    if (!deadLetters.exists && !rejected.exists) {
      throw new BusError("no-stream", `there is no stream ${names.join(" and no stream ")}`);
    }
    return {
      deadLetters,
      rejected,
      event: (sequence) => getMessage(manager, options.streamName, { seq: sequence }, options),
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
      close: () => connection.close(),
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
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
