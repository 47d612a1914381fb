import {
  deadLetterSubject,
  eventTypes,
  rejectedSubject,
  startRecordSubject,
  startRequestSubject,
  subjectOf,
} from "@sense-alerts/event-contract";
import {
  DiscardPolicy,
  type JetStreamManager,
  type NatsConnection,
  NatsError,
  nanos,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "nats";
import { managerOptions } from "../connection/jetstream-api.js";
import type { BusLogger, BusOptions } from "../connection/options.js";

type WantedStream = Pick<
  StreamConfig,
  | "name"
  | "subjects"
  | "retention"
  | "storage"
  | "discard"
  | "num_replicas"
  | "max_age"
  | "max_bytes"
  | "duplicate_window"
>;

const streamNotFound = 10059;

export function isStreamNotFound(error: unknown): boolean {
  return error instanceof NatsError && error.api_error?.err_code === streamNotFound;
}

const hourMs = 3_600_000;
/** Within it two requests of the same words are one. */
const sameRequestMs = 5_000;

/** The name of the stream that holds what could not be read or delivered: `SENSE_EVENTS` has `SENSE_REJECTED` beside it. */
export function rejectedStreamName(eventStreamName: string): string {
  return `${eventStreamName.replace(/_EVENTS$/, "")}_REJECTED`;
}

/** The name of the stream that holds requests to start tasks: `SENSE_EVENTS` has `SENSE_REQUESTS` beside it. */
export function requestStreamName(eventStreamName: string): string {
  return `${eventStreamName.replace(/_EVENTS$/, "")}_REQUESTS`;
}

/** The streams as this deployment wants them. Sizes in bytes, times in nanoseconds: JetStream's own units. */
export function wantedStreams(options: BusOptions): WantedStream[] {
  const common = {
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    num_replicas: options.streamReplicas,
    duplicate_window: nanos(options.dedupWindowMs),
  };
  const requests: WantedStream = {
    ...common,
    name: requestStreamName(options.streamName),
    subjects: [startRequestSubject(options.subjectPrefix, "*"), startRecordSubject(options.subjectPrefix, "*")],
    max_age: nanos(24 * hourMs),
    max_bytes: Math.min(options.streamMaxBytes, 64 * 1024 * 1024),
    duplicate_window: nanos(sameRequestMs),
  };
  return [
    {
      ...common,
      name: options.streamName,
      subjects: eventTypes.map((type) => subjectOf(type, options.subjectPrefix)),
      max_age: nanos(options.streamMaxAgeMs),
      max_bytes: options.streamMaxBytes,
    },
    {
      ...common,
      name: rejectedStreamName(options.streamName),
      subjects: [rejectedSubject(options.subjectPrefix), deadLetterSubject(options.subjectPrefix)],
      max_age: nanos(7 * 24 * hourMs),
      max_bytes: Math.min(options.streamMaxBytes, 256 * 1024 * 1024),
    },
    ...(options.requests ? [requests] : []),
  ];
}

/**
 * Makes the streams that are not there and leaves those that are as they are; each setting that differs is one warning.
 * Rejects when a stream can be neither found nor made, or does not take our subjects: nothing could be stored then.
 */
export async function ensureStreams(connection: NatsConnection, options: BusOptions, logger: BusLogger): Promise<void> {
  const manager = await connection.jetstreamManager(managerOptions(options));
  for (const wanted of wantedStreams(options)) {
    const live = await findOrAdd(manager, wanted, logger);
    const differing = differences(wanted, live);
    // A mirror has no subjects at all.
    const taken: readonly string[] = live.subjects ?? [];
    const missing = wanted.subjects.filter((subject) => !taken.some((pattern) => covers(pattern, subject)));
    if (missing.length > 0) {
      throw new Error(
        `stream ${wanted.name} exists but does not take ${missing.join(", ")}; ` +
          `add them (nats stream edit ${wanted.name} --subjects …) or set another NATS_STREAM`,
      );
    }
    for (const difference of differing) {
      logger.warn({ stream: wanted.name, ...difference }, "stream differs from the settings and is left as it is");
    }
  }
}

async function findOrAdd(manager: JetStreamManager, wanted: WantedStream, logger: BusLogger): Promise<StreamConfig> {
  try {
    return (await manager.streams.info(wanted.name)).config;
  } catch (error) {
    if (!isStreamNotFound(error)) throw error;
  }
  try {
    const added = await manager.streams.add(wanted);
    logger.info({ stream: wanted.name, subjects: wanted.subjects }, "stream made");
    return added.config;
  } catch (error) {
    if (!(error instanceof NatsError) || error.api_error === undefined) throw error;
    const facts = `stream ${wanted.name} for ${wanted.subjects.join(", ")} cannot be made`;
    throw new Error(`${facts}: ${error.api_error.description}`, { cause: error });
  }
}

type Difference = { setting: string; wanted: string; live: string };

const compared = [
  "retention",
  "storage",
  "discard",
  "num_replicas",
  "max_age",
  "max_bytes",
  "duplicate_window",
] as const;

/** The settings in which the live stream is not what is wanted; times in nanoseconds. */
export function differences(wanted: WantedStream, live: StreamConfig): Difference[] {
  return compared
    .filter((setting) => wanted[setting] !== live[setting])
    .map((setting) => ({ setting, wanted: String(wanted[setting]), live: String(live[setting]) }));
}

/** Whether a subject pattern with `*` and `>` takes this subject. */
export function covers(pattern: string, subject: string): boolean {
  const wanted = subject.split(".");
  const tokens = pattern.split(".");
  for (const [index, token] of tokens.entries()) {
    if (token === ">") return wanted.length > index;
    if (token !== "*" && token !== wanted[index]) return false;
  }
  return tokens.length === wanted.length;
}
