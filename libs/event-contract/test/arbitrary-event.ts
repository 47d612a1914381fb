import fc from "fast-check";
import type { EngineEvent, IngestStatusEvent, SenseEvent, TaskEvent } from "../src/event.js";

/** Any text that UTF-8 can carry: control characters, emoji, unassigned code points; no half of a surrogate pair. */
const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }));
const port = fc.integer({ min: 0, max: 65535 });
const logTimeStampUtc = fc.option(text, { nil: null });
/** The optional field of events that were cut, or nothing. */
const truncated = fc.oneof(
  fc.constant({}),
  fc.array(text).map((fields) => ({ truncated: fields })),
);

const envelope = {
  specversion: fc.constant("1.0" as const),
  id: text.filter((id) => id !== ""),
  source: text.map((instance) => `/udp-ingest/${encodeURIComponent(instance)}`),
  time: fc
    .date({ min: new Date("0000-01-01T00:00:00Z"), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true })
    .map((date) => date.toISOString()),
  datacontenttype: fc.constant("application/json" as const),
  traceparent: text,
  consumer: text,
};
const requiredKeys: Exclude<keyof SenseEvent, "traceparent" | "consumer">[] = [
  "specversion",
  "id",
  "source",
  "time",
  "datacontenttype",
  "type",
  "data",
];

const taskEvent: fc.Arbitrary<TaskEvent> = fc.record(
  {
    ...envelope,
    type: fc.constantFrom(
      "sense.task.failed" as const,
      "sense.task.aborted" as const,
      "sense.task.succeeded" as const,
      "sense.task.distributed" as const,
    ),
    data: fc
      .record(
        {
          hostName: text,
          user: text,
          taskName: text,
          taskId: text,
          appName: text,
          appId: text,
          logTimeStamp: text,
          logLevel: text,
          executionId: text,
          logMessage: text,
          userDirectory: text,
          userId: text,
          logTimeStampUtc,
          sourceAddress: text,
          sourcePort: port,
          wireFormat: text,
        },
        { noNullPrototype: true },
      )
      .chain((data) =>
        fc.oneof(
          fc.constant(data),
          text.map((rawNames) => ({ ...data, ambiguousNames: true as const, rawNames })),
          truncated.map((cut) => ({ ...data, ...cut })),
        ),
      ),
  },
  { requiredKeys, noNullPrototype: true },
);

const engineEvent: fc.Arbitrary<EngineEvent> = fc.record(
  {
    ...envelope,
    type: fc.constant("sense.engine.reload-failed" as const),
    data: fc
      .record(
        {
          hostName: text,
          appId: text,
          sessionId: text,
          userDirectory: text,
          userId: text,
          logTimeStamp: text,
          logLevel: text,
          logMessage: text,
          logTimeStampUtc,
          sourceAddress: text,
          sourcePort: port,
          wireFormat: text,
        },
        { noNullPrototype: true },
      )
      .chain((data) => truncated.map((cut) => ({ ...data, ...cut }))),
  },
  { requiredKeys, noNullPrototype: true },
);

const ingestStatusEvent: fc.Arbitrary<IngestStatusEvent> = fc.record(
  {
    ...envelope,
    type: fc.constant("sense.ingest.status" as const),
    data: fc.record(
      {
        status: fc.constantFrom("start" as const, "error" as const, "stop" as const),
        address: text,
        port,
        reason: text,
      },
      { noNullPrototype: true },
    ),
  },
  { requiredKeys, noNullPrototype: true },
);

/** Any event of any type, with and without what is optional. */
export const anyEvent: fc.Arbitrary<SenseEvent> = fc.oneof(taskEvent, engineEvent, ingestStatusEvent);
