import { randomInt } from "node:crypto";
import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  DeliverPolicy,
  type JetStreamManager,
  type NatsConnection,
  nanos,
} from "nats";
import { isConsumerGone, statusOfError } from "../connection/api-status.js";
import { managerOptions } from "../connection/jetstream-api.js";
import type { BusLogger, BusOptions } from "../connection/options.js";

/** Messages that NATS leaves unacknowledged, over all replicas: room for dozens of them. */
const maxAckPending = 10_000;
/** A server whose cluster elects a leader answers nothing at all. */
const timeoutMs = 2_000;

type WantedConsumer = Partial<ConsumerConfig> & { readonly durable_name: string };

export type WantedDurable = Pick<BusOptions, "jetStreamDomain"> & {
  readonly stream: string;
  readonly durable: string;
  readonly ackWaitMs: number;
  /** A consumer that is created skips what was stored longer ago. */
  readonly maxAgeMs: number;
  /**
   * An older durable consumer of the same stream: where it exists, a consumer that is created starts at its ack floor.
   */
  readonly startAfter?: string | undefined;
  readonly filterSubject?: string | undefined;
};

/** What a durable consumer that is there means for its reader. */
export type Durable = {
  /** Messages that a consumer created just now skips because they are too old; 0 for one that was there. */
  readonly skipped: number;
  readonly limits: PullLimits;
};

/** What a consumer accepts in a pull request. */
export type PullLimits = { readonly maxBatch: number; readonly maxExpiresNs: number };

export const unlimited: PullLimits = { maxBatch: Number.POSITIVE_INFINITY, maxExpiresNs: Number.POSITIVE_INFINITY };

const compared = ["ack_wait", "max_deliver", "max_ack_pending", "filter_subject", "max_batch", "max_expires"] as const;

/**
 * Finds the durable pull consumer or creates it. One whose settings differ is left as it is, with a warning for each.
 */
export async function ensureDurable(
  connection: NatsConnection,
  options: WantedDurable,
  logger: BusLogger,
): Promise<Durable> {
  const { stream, durable, ackWaitMs, maxAgeMs, startAfter, filterSubject } = options;
  const wanted: WantedConsumer = {
    durable_name: durable,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ackWaitMs),
    // An event leaves the consumer when it is delivered or a dead letter, however often it was delivered before.
    max_deliver: -1,
    max_ack_pending: maxAckPending,
    ...(filterSubject === undefined ? {} : { filter_subject: filterSubject }),
  };
  const manager = await managerOf(connection, options);
  const found = (await find(manager, stream, durable))?.config;
  if (found === undefined) {
    const start = await startOf(manager, stream, maxAgeMs, startAfter);
    return { skipped: await create(manager, stream, { ...wanted, ...start }, logger), limits: unlimited };
  }
  if (found.ack_policy !== AckPolicy.Explicit || found.deliver_subject !== undefined) {
    throw new Error(
      `consumer ${durable} of stream ${stream} is not a pull consumer with explicit acknowledgement; ` +
        `remove it (nats consumer rm ${stream} ${durable}), and it is created as it should be`,
    );
  }
  for (const setting of compared) {
    const [is, should] = [found[setting] || undefined, wanted[setting] || undefined];
    if (is === should) continue;
    const facts = { stream, consumer: durable, setting, wanted: should, live: is };
    logger.warn(facts, "consumer differs from what is expected and is left as it is");
  }
  const limits = {
    maxBatch: found.max_batch || unlimited.maxBatch,
    maxExpiresNs: found.max_expires || unlimited.maxExpiresNs,
  };
  return { skipped: 0, limits };
}

/** Whether the durable consumer exists. Rejects when NATS does not answer. */
export async function durableExists(connection: NatsConnection, options: WantedDurable): Promise<boolean> {
  return (await find(await managerOf(connection, options), options.stream, options.durable)) !== undefined;
}

function managerOf(connection: NatsConnection, options: WantedDurable): Promise<JetStreamManager> {
  return connection.jetstreamManager(managerOptions(options, timeoutMs));
}

async function find(manager: JetStreamManager, stream: string, durable: string): Promise<ConsumerInfo | undefined> {
  try {
    return await manager.consumers.info(stream, durable);
  } catch (error) {
    if (isConsumerGone(statusOfError(error))) return undefined;
    throw error;
  }
}

type Start = Pick<ConsumerConfig, "deliver_policy"> & Partial<ConsumerConfig>;

/**
 * Where a new consumer starts: behind what an older one has acknowledged, otherwise at what was stored `maxAgeMs` ago.
 */
async function startOf(
  manager: JetStreamManager,
  stream: string,
  maxAgeMs: number,
  startAfter: string | undefined,
): Promise<Start> {
  const older = startAfter === undefined ? undefined : await find(manager, stream, startAfter);
  if (older !== undefined) {
    return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: older.ack_floor.stream_seq + 1 };
  }
  // In nanoseconds, so that of two replicas that create the consumer in the same millisecond NATS refuses one.
  const nanoseconds = String(randomInt(1_000_000)).padStart(6, "0");
  const startTime = new Date(Date.now() - maxAgeMs).toISOString().replace("Z", `${nanoseconds}Z`);
  return { deliver_policy: DeliverPolicy.StartTime, opt_start_time: startTime };
}

/** Resolves to how many messages of the stream the new consumer skips. */
async function create(
  manager: JetStreamManager,
  stream: string,
  config: WantedConsumer & Start,
  logger: BusLogger,
): Promise<number> {
  const { durable_name: durable, opt_start_seq: startSequence, opt_start_time: startTime } = config;
  const { state } = await manager.streams.info(stream);
  try {
    const { delivered } = await manager.consumers.add(stream, config);
    const skipped = Math.max(0, delivered.stream_seq - Math.max(1, state.first_seq) + 1);
    logger.info({ stream, consumer: durable, startTime, startSequence, skipped }, "consumer created");
    return startSequence === undefined ? skipped : 0;
  } catch (error) {
    // Another replica was faster: the start of its consumer cannot be changed, and need not be.
    if ((await find(manager, stream, durable)) !== undefined) return 0;
    throw error;
  }
}
