export { type Decoded, type DecodeFailure, decodeEvent, encodeEvent } from "./codec.js";
export type { EngineData, EngineEvent, IngestStatusEvent, SenseEvent, TaskData, TaskEvent } from "./event.js";
export { engineEventSchema, ingestStatusEventSchema, taskEventSchema } from "./event.js";
export { eventId } from "./event-id.js";
export {
  deadLetterSubject,
  defaultSubjectPrefix,
  type EventType,
  eventTypes,
  rejectedSubject,
  startRecordSubject,
  startRequestSubject,
  subjectOf,
  type TaskEventType,
} from "./subjects.js";
