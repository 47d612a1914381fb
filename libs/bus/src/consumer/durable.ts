import { randomInt } from "node:crypto";
import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  type JetStreamManager,
  type NatsConnection,
  NatsError,
  nanos,
} from "nats";
import type { BusLogger } from "../connection/options.js";

const consumerNotFound = 10014;

/** How many messages NATS leaves unacknowledged over all replicas together: room for dozens of them. */
const maxAckPending = 10_000;

type WantedConsumer = Pick<ConsumerConfig, "ack_policy" | "ack_wait" | "max_deliver" | "max_ack_pending"> & {
  readonly durable_name: string;
  readonly filter_subject?: string;
};

export type WantedDurable = {
  readonly stream: string;
  readonly durable: string;
  readonly ackWaitMs: number;
  /** A consumer that is made anew passes over what was stored longer ago. */
  readonly maxAgeMs: number;
  readonly filterSubject?: string | undefined;
};

/**
 * Finds the durable pull consumer or makes it; one that differs from what we need is left as it is, with a warning.
 * Resolves to how many messages a new one passes over because they are too old, 0 for one that was there.
 */
export async function ensureDurable(
  connection: NatsConnection,
  { stream, durable, ackWaitMs, maxAgeMs, filterSubject }: WantedDurable,
  logger: BusLogger,
): Promise<number> {
  const wanted: WantedConsumer = {
    durable_name: durable,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ackWaitMs),
    // An event leaves the consumer when it is delivered or a dead letter, never by being tried often enough.
    max_deliver: -1,
    max_ack_pending: maxAckPending,
    ...(filterSubject === undefined ? {} : { filter_subject: filterSubject }),
  };
  const manager = await connection.jetstreamManager({ checkAPI: false });
  const found = await find(manager, stream, durable);
  if (found === undefined) return make(manager, stream, wanted, maxAgeMs, logger);
  if (found.ack_policy !== AckPolicy.Explicit || found.deliver_subject !== undefined) {
    throw new Error(
      `consumer ${durable} of stream ${stream} is not a pull consumer with explicit acknowledgement; ` +
        `remove it (nats consumer rm ${stream} ${durable}) and it will be made anew`,
    );
  }
  for (const setting of ["ack_wait", "max_deliver", "max_ack_pending"] as const) {
    if (found[setting] === wanted[setting]) continue;
    const facts = { stream, consumer: durable, setting, wanted: wanted[setting], live: found[setting] };
    logger.warn(facts, "consumer differs from what is expected and is left as it is");
  }
  return 0;
}

async function find(manager: JetStreamManager, stream: string, durable: string): Promise<ConsumerConfig | undefined> {
  try {
    return (await manager.consumers.info(stream, durable)).config;
  } catch (error) {
    if (error instanceof NatsError && error.api_error?.err_code === consumerNotFound) return undefined;
    throw error;
  }
}

async function make(
  manager: JetStreamManager,
  stream: string,
  wanted: WantedConsumer,
  maxAgeMs: number,
  logger: BusLogger,
): Promise<number> {
  const { state } = await manager.streams.info(stream);
  // Down to the nanosecond, so that of two replicas with the same thought in the same millisecond one is refused: the other made it.
  const nanoseconds = String(randomInt(1_000_000)).padStart(6, "0");
  const startTime = new Date(Date.now() - maxAgeMs).toISOString().replace("Z", `${nanoseconds}Z`);
  const config = { ...wanted, deliver_policy: DeliverPolicy.StartTime, opt_start_time: startTime };
  try {
    const { delivered } = await manager.consumers.add(stream, config);
    const passedOver = Math.max(0, delivered.stream_seq - Math.max(1, state.first_seq) + 1);
    logger.info({ stream, consumer: wanted.durable_name, since: startTime, passedOver }, "consumer made");
    return passedOver;
  } catch (error) {
    // Another replica was quicker: its start time cannot be changed, and need not be.
    if ((await find(manager, stream, wanted.durable_name)) !== undefined) return 0;
    throw error;
  }
}
