import { z } from "zod";

const udpPort = z.int().min(0).max(65535);

/** The fields that were cut because the event was larger than NATS accepts. Absent when nothing was. */
const truncated = z.array(z.string()).optional();

/** What a task datagram says. Absent values are empty strings. Times as logged are local to the Sense server. */
const taskData = z.object({
  hostName: z.string(),
  /** `DIRECTORY\userid` as it came. */
  user: z.string(),
  taskName: z.string(),
  /** A GUID as it came, or empty. */
  taskId: z.string(),
  appName: z.string(),
  /** A GUID as it came, or empty. */
  appId: z.string(),
  /** `yyyy-MM-dd HH:mm:ss,fff` as it came. */
  logTimeStamp: z.string(),
  logLevel: z.string(),
  /** A GUID as it came, or empty. */
  executionId: z.string(),
  /** Free text with its line breaks, and a stack trace if Sense logged one. */
  logMessage: z.string(),
  userDirectory: z.string(),
  userId: z.string(),
  /** `logTimeStamp` as ISO 8601 UTC; null when the time zone of the Sense server is not known. */
  logTimeStampUtc: z.string().nullable(),
  /** The sender's IP address. */
  sourceAddress: z.string(),
  /** The sender's UDP port. */
  sourcePort: udpPort,
  /** Which of the wire formats it came in: S1 to S9, L1 to L3. */
  wireFormat: z.string(),
  /** Present when a `;` inside a name leaves open where the task name ends and the app name begins. */
  ambiguousNames: z.literal(true).optional(),
  /** With `ambiguousNames`: the text between host and user, both names in it. */
  rawNames: z.string().optional(),
  truncated,
});

/** What the engine's own failure datagram (E1) says. */
const engineData = z.object({
  hostName: z.string(),
  appId: z.string(),
  sessionId: z.string(),
  userDirectory: z.string(),
  userId: z.string(),
  logTimeStamp: z.string(),
  logLevel: z.string(),
  logMessage: z.string(),
  logTimeStampUtc: z.string().nullable(),
  sourceAddress: z.string(),
  sourcePort: udpPort,
  wireFormat: z.string(),
  truncated,
});

/** How the UDP socket of one udp-ingest fares. */
const ingestStatusData = z.object({
  status: z.enum(["start", "error", "stop"]),
  address: z.string(),
  port: udpPort,
  /** Why, for `error`; empty otherwise. */
  reason: z.string(),
});

/** CloudEvents 1.0 attributes, structured mode. https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md */
const envelope = {
  specversion: z.literal("1.0"),
  /** Deterministic: the same occurrence has the same id wherever and however often it is received. */
  id: z.string().min(1),
  /** `/udp-ingest/<instance>`, the instance percent-encoded: CloudEvents wants a URI reference. */
  source: z.string().min(1),
  /** When the datagram was received, or the status changed: ISO 8601 UTC with a `Z`. */
  time: z.iso.datetime(),
  datacontenttype: z.literal("application/json"),
  /** W3C trace context of the datagram, as the CloudEvents distributed tracing extension has it. */
  traceparent: z.string().optional(),
  /**
   * Only for the durable consumer of this name, because it alone could not deliver the event before. Absent = for all.
   */
  consumer: z.string().optional(),
};

export const taskEventSchema = z.object({
  ...envelope,
  type: z.enum(["sense.task.failed", "sense.task.aborted", "sense.task.succeeded", "sense.task.distributed"]),
  data: taskData,
});
export const engineEventSchema = z.object({
  ...envelope,
  type: z.literal("sense.engine.reload-failed"),
  data: engineData,
});
export const ingestStatusEventSchema = z.object({
  ...envelope,
  type: z.literal("sense.ingest.status"),
  data: ingestStatusData,
});

export const senseEventSchema = z.discriminatedUnion("type", [
  taskEventSchema,
  engineEventSchema,
  ingestStatusEventSchema,
]);

export type TaskEvent = z.infer<typeof taskEventSchema>;
export type EngineEvent = z.infer<typeof engineEventSchema>;
export type IngestStatusEvent = z.infer<typeof ingestStatusEventSchema>;
export type SenseEvent = TaskEvent | EngineEvent | IngestStatusEvent;
export type TaskData = TaskEvent["data"];
export type EngineData = EngineEvent["data"];
