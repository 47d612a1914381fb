import {
  deadLetterSubject,
  eventTypes,
  rejectedSubject,
  startRecordSubject,
  startRequestSubject,
  subjectOf,
} from "@sense-alerts/event-contract";
import { DiscardPolicy, nanos, RetentionPolicy, StorageType, type StreamConfig } from "nats";
import type { BusOptions, StreamUse } from "../connection/options.js";

export type WantedStream = Pick<
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

const hourMs = 3_600_000;
const mebibyte = 1024 ** 2;
/** Two requests with the same words within this time are one. */
const sameRequestMs = 5_000;

function besideEvents(eventStreamName: string, suffix: string): string {
  return `${eventStreamName.replace(/_EVENTS$/, "")}_${suffix}`;
}

/** The name of the stream of rejected datagrams: `SENSE_EVENTS` has `SENSE_REJECTED` beside it. */
export function rejectedStreamName(eventStreamName: string): string {
  return besideEvents(eventStreamName, "REJECTED");
}

/** The name of the stream of dead letters: `SENSE_EVENTS` has `SENSE_DEAD_LETTERS` beside it. */
export function deadLetterStreamName(eventStreamName: string): string {
  return besideEvents(eventStreamName, "DEAD_LETTERS");
}

/** The name of the stream of requests to start tasks: `SENSE_EVENTS` has `SENSE_REQUESTS` beside it. */
export function requestStreamName(eventStreamName: string): string {
  return besideEvents(eventStreamName, "REQUESTS");
}

/** Whether the bus is opened for this use of a stream. */
export function isUsed(options: BusOptions, use: StreamUse): boolean {
  return options.uses?.includes(use) ?? true;
}

/**
 * The streams that this service uses, as it creates them. Sizes in bytes, times in nanoseconds: JetStream's own units.
 */
export function wantedStreams(options: BusOptions): WantedStream[] {
  const common = {
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    num_replicas: options.streamReplicas,
    duplicate_window: nanos(options.dedupWindowMs),
  };
  const bounds = (maxAgeHours: number, maxMebibytes: number) => ({
    max_age: nanos(maxAgeHours * hourMs),
    max_bytes: Math.min(options.streamMaxBytes, maxMebibytes * mebibyte),
  });
  const events: WantedStream = {
    ...common,
    name: options.streamName,
    subjects: eventTypes.map((type) => subjectOf(type, options.subjectPrefix)),
    max_age: nanos(options.streamMaxAgeMs),
    max_bytes: options.streamMaxBytes,
  };
  const rejected: WantedStream = {
    ...common,
    ...bounds(7 * 24, 256),
    name: rejectedStreamName(options.streamName),
    subjects: [rejectedSubject(options.subjectPrefix)],
  };
  // A stream of their own: a flood of rejected datagrams must not evict them.
  const deadLetters: WantedStream = {
    ...common,
    ...bounds(30 * 24, 128),
    name: deadLetterStreamName(options.streamName),
    subjects: [deadLetterSubject(options.subjectPrefix)],
  };
  const requests: WantedStream = {
    ...common,
    ...bounds(24, 64),
    name: requestStreamName(options.streamName),
    subjects: [startRequestSubject(options.subjectPrefix, "*"), startRecordSubject(options.subjectPrefix, "*")],
    duplicate_window: nanos(sameRequestMs),
  };
  return [
    ...(isUsed(options, "publish-events") || isUsed(options, "read-events") ? [events] : []),
    ...(isUsed(options, "publish-rejected") ? [rejected] : []),
    ...(isUsed(options, "publish-dead-letters") ? [deadLetters] : []),
    ...(options.requests ? [requests] : []),
  ];
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
