/** What an event is about. The subject on NATS is the same text under the default prefix, see {@link subjectOf}. */
export const eventTypes = [
  "sense.task.failed",
  "sense.task.aborted",
  "sense.task.succeeded",
  "sense.task.distributed",
  "sense.engine.reload-failed",
  "sense.ingest.status",
] as const;

export type EventType = (typeof eventTypes)[number];
export type TaskEventType = Extract<EventType, `sense.task.${string}`>;

/** The prefix that every subject starts with, unless NATS_SUBJECT_PREFIX moves it. */
export const defaultSubjectPrefix = "sense";

/** The NATS subject of an event type: `sense.task.failed` becomes `acme.task.failed` under the prefix `acme`. */
export function subjectOf(type: EventType, prefix: string): string {
  return prefix + type.slice(defaultSubjectPrefix.length);
}

/** Where datagrams that could not be read go: raw bytes, with reason and source as headers. */
export function rejectedSubject(prefix: string): string {
  return `${prefix}.rejected`;
}

/** Where events that can never be delivered go: the event as it was, with the reason as a header. */
export function deadLetterSubject(prefix: string): string {
  return `${prefix}.dead-letter`;
}

/**
 * Where a request to start a task waits until it is carried out; `id` is the same for repeats of one request, `*` for
 * all.
 */
export function startRequestSubject(prefix: string, id: string): string {
  return `${prefix}.start-request.${id}`;
}

/** What became of a request: one subject for each, its last message counts. */
export function startRecordSubject(prefix: string, key: string): string {
  return `${prefix}.start-record.${key}`;
}
