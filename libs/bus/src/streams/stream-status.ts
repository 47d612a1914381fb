import type { ConsumerInfo, JetStreamManager, NatsConnection, StreamInfo } from "nats";
import { managerOptions } from "../connection/jetstream-api.js";
import type { BusOptions } from "../connection/options.js";
import { getMessage } from "./stored-message.js";

/** How far a stream is from deleting events that nobody has delivered. Shares are from 0 to 1. */
export type StreamStatus = {
  /** Of the oldest event that is not acknowledged, over all consumers that were asked for; 0 when none waits. */
  readonly oldestWaitingMs: number;
  /** When the stream deletes an event; undefined = never, by age. */
  readonly maxAgeMs: number | undefined;
  /** What the stream holds of the bytes that it may hold; undefined when it has no bound. */
  readonly bytesShare: number | undefined;
  /** The same for the oldest waiting event and all that came after it: at 1 the next event deletes it. */
  readonly waitingBytesShare: number | undefined;
};

/** Shorter than what a scrape may take. */
const timeoutMs = 1_000;

/** Asks NATS. Undefined when there is no answer, or no such stream or consumer: then nothing can be said. */
export async function readStreamStatus(
  connection: NatsConnection,
  options: BusOptions,
  durables: readonly string[],
): Promise<StreamStatus | undefined> {
  try {
    const manager = await connection.jetstreamManager(managerOptions(options, timeoutMs));
    const [info, ...consumers] = await Promise.all([
      manager.streams.info(options.streamName),
      ...durables.map((durable) => manager.consumers.info(options.streamName, durable)),
    ]);
    const oldest = await oldestWaiting(manager, info, consumers, options);
    const { max_age, max_bytes } = info.config;
    const bytesShare = max_bytes > 0 ? Math.min(1, info.state.bytes / max_bytes) : undefined;
    return {
      oldestWaitingMs: oldest === undefined ? 0 : Math.max(0, Date.now() - oldest.storedMs),
      maxAgeMs: max_age > 0 ? max_age / 1_000_000 : undefined,
      bytesShare,
      waitingBytesShare: bytesShare === undefined ? undefined : bytesShare * shareFrom(oldest?.sequence, info),
    };
  } catch {
    return undefined;
  }
}

type Waiting = { readonly sequence: number; readonly storedMs: number };

async function oldestWaiting(
  manager: JetStreamManager,
  { config, state }: StreamInfo,
  consumers: readonly ConsumerInfo[],
  options: BusOptions,
): Promise<Waiting | undefined> {
  const behind = consumers.filter(({ num_pending, num_ack_pending }) => num_pending + num_ack_pending > 0);
  const found = await Promise.all(
    behind.map(async ({ ack_floor, config: { filter_subject } }) => {
      // Below the floor all is acknowledged; the first event above it that the consumer wants is not.
      const seq = Math.max(ack_floor.stream_seq + 1, state.first_seq);
      const message = await getMessage(manager, config.name, { seq, next_by_subj: filter_subject ?? ">" }, options);
      return message && { sequence: message.sequence, storedMs: Date.parse(message.storedAt) };
    }),
  );
  // One that was acknowledged meanwhile may be gone.
  return found.filter((waiting) => waiting !== undefined).sort((one, other) => one.storedMs - other.storedMs)[0];
}

/** How much of the stream stands at this sequence and after it, taking its messages to be of one size. */
function shareFrom(sequence: number | undefined, { state: { first_seq, last_seq } }: StreamInfo): number {
  if (sequence === undefined || last_seq < first_seq) return 0;
  return Math.min(1, (last_seq - sequence + 1) / (last_seq - first_seq + 1));
}
