import type { LinkState } from "@sense-alerts/link-kit";
import { BusError } from "./connection/bus-error.js";
import { startConnection } from "./connection/connection.js";
import { managerOptions } from "./connection/jetstream-api.js";
import type { BusLogger, BusOptions } from "./connection/options.js";
import { type Backlog, readBacklog } from "./consumer/backlog.js";
import { startConsumer } from "./consumer/consumer.js";
import type { ConsumerOptions, Consumption } from "./consumer/consumption.js";
import { createPublisher, type Publisher } from "./publisher/publisher.js";
import { getMessage, type StoredMessage } from "./streams/stored-message.js";
import { readStreamStatus, type StreamStatus } from "./streams/stream-status.js";

export type Bus = Pick<Publisher, "send" | "publish"> & {
  state(): LinkState;
  /** Called with each change between usable and not, and at once if it is usable now. */
  onChange(listener: (up: boolean) => void): void;
  /** Called when NATS is usable again on another connection than before. */
  onReconnect(listener: () => void): void;
  /**
   * The last message on a subject of a stream; undefined = there is none. Rejects with a BusError, within 5 s at the
   * latest.
   */
  last(stream: string, subject: string): Promise<StoredMessage | undefined>;
  /** What waits for a durable consumer of the stream of the events; undefined when NATS cannot say within a second. */
  backlog(durable: string): Promise<Backlog | undefined>;
  /**
   * How near the stream of the events is to deleting what these durable consumers have not acknowledged; undefined when
   * NATS cannot say within two seconds.
   */
  streamStatus(durables: readonly string[]): Promise<StreamStatus | undefined>;
  /** Reads a stream through one durable pull consumer until closed. */
  consume(options: ConsumerOptions): Consumption;
  close(): Promise<void>;
};

/** Returns at once. Connects in the background until it is closed, and checks the streams after each connect. */
export function startBus(options: BusOptions, logger: BusLogger): Bus {
  const connection = startConnection(options, logger);
  const publisher = createPublisher(connection, options.onAnswer);
  return {
    state: connection.state,
    onChange: connection.onChange,
    onReconnect: connection.onReconnect,
    send: publisher.send,
    publish: publisher.publish,
    last: async (stream, subject) => {
      const current = connection.current();
      if (current === undefined) throw new BusError("disconnected", connection.state().detail);
      const manager = await current.jetstreamManager(managerOptions(options));
      return getMessage(manager, stream, { last_by_subj: subject }, options);
    },
    backlog: async (durable) => {
      const current = connection.current();
      return current && readBacklog(current, options, options.streamName, durable);
    },
    streamStatus: async (durables) => {
      const current = connection.current();
      return current && readStreamStatus(current, options, durables);
    },
    consume: (consumerOptions) => startConsumer(connection, publisher, { ...options, ...consumerOptions }, logger),
    close: async () => {
      publisher.close();
      await connection.close();
    },
  };
}
