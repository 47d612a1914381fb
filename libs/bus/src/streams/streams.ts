import { delay } from "@sense-alerts/link-kit";
import { type JetStreamManager, type NatsConnection, NatsError, type StreamConfig } from "nats";
import { isStreamGone, statusOfError } from "../connection/api-status.js";
import { managerOptions } from "../connection/jetstream-api.js";
import type { BusLogger, BusOptions } from "../connection/options.js";
import { releaseDeadLetterSubject } from "./release-dead-letters.js";
import { storageAdvice } from "./storage-advice.js";
import {
  covers,
  deadLetterStreamName,
  differences,
  isUsed,
  type WantedStream,
  wantedStreams,
} from "./wanted-streams.js";

const retryMs = 250;
const subjectsOverlap = 10065;

/**
 * Creates the streams that this service uses and that do not exist; leaves those that exist as they are, with one
 * warning for each setting that differs. Rejects when a stream can be neither found nor created, or lacks what the
 * service needs of it: nothing could be stored or read then. Several services may do this at the same time.
 */
export async function ensureStreams(connection: NatsConnection, options: BusOptions, logger: BusLogger): Promise<void> {
  const manager = await connection.jetstreamManager(managerOptions(options));
  for (const wanted of wantedStreams(options)) {
    const live = (await find(manager, wanted.name)) ?? (await add(manager, wanted, options, logger));
    if (isFedByAnother(live) && wanted.name === options.streamName && !isUsed(options, "publish-events")) continue;
    requireSubjects(wanted, live);
    for (const difference of differences(wanted, live)) {
      logger.warn({ stream: wanted.name, ...difference }, "stream differs from the settings and is left as it is");
    }
  }
}

/**
 * A mirror or a sourced stream gets its messages from another stream: it needs no subjects, and its bounds are its
 * owner's choice.
 */
function isFedByAnother({ mirror, sources }: StreamConfig): boolean {
  return mirror !== undefined || (sources?.length ?? 0) > 0;
}

function requireSubjects({ name, subjects }: WantedStream, live: StreamConfig): void {
  // A mirror has no subjects at all.
  const taken: readonly string[] = live.subjects ?? [];
  const missing = subjects.filter((subject) => !taken.some((pattern) => covers(pattern, subject)));
  if (missing.length === 0) return;
  const cure =
    live.mirror === undefined
      ? `add them (nats stream edit ${name} --subjects …) or set another NATS_STREAM`
      : `it is a mirror, and nobody can publish to one: set NATS_URL to the server that has its origin, ${live.mirror.name}`;
  throw new Error(`stream ${name} exists but does not take ${missing.join(", ")}; ${cure}`);
}

async function find(manager: JetStreamManager, name: string): Promise<StreamConfig | undefined> {
  try {
    return (await manager.streams.info(name)).config;
  } catch (error) {
    if (isStreamGone(statusOfError(error))) return undefined;
    throw error;
  }
}

async function add(
  manager: JetStreamManager,
  wanted: WantedStream,
  options: BusOptions,
  logger: BusLogger,
  retries = 3,
): Promise<StreamConfig> {
  try {
    return await create(manager, wanted, logger);
  } catch (error) {
    if (!(error instanceof NatsError) || error.api_error === undefined) throw error;
    const isDeadLetters = wanted.name === deadLetterStreamName(options.streamName);
    const isTaken = isDeadLetters && error.api_error.err_code === subjectsOverlap;
    if (isTaken && (await releaseDeadLetterSubject(manager, options, logger))) {
      return add(manager, wanted, options, logger);
    }
    // Another replica with other settings was quicker.
    const created = await find(manager, wanted.name);
    if (created !== undefined) return created;
    // Another replica has released the subject, and is about to create the stream.
    if (isTaken && retries > 0) {
      await delay(retryMs);
      return add(manager, wanted, options, logger, retries - 1);
    }
    const facts = `stream ${wanted.name} for ${wanted.subjects.join(", ")} cannot be created`;
    const advice = await storageAdvice(manager, error.api_error, options.streamMaxBytes);
    throw new Error(`${facts}: ${error.api_error.description}${advice}`, { cause: error });
  }
}

async function create(manager: JetStreamManager, wanted: WantedStream, logger: BusLogger): Promise<StreamConfig> {
  const { config } = await manager.streams.add(wanted);
  logger.info({ stream: wanted.name, subjects: wanted.subjects }, "stream created");
  return config;
}
