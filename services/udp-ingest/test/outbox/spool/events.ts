import type { EventMessage } from "../../../src/messages.js";
import { encodeEventRecord } from "../../../src/outbox/spool/record.js";

/** A message with this id and a payload of so many bytes. */
export function eventOf(id: string, payloadBytes = 10): EventMessage {
  return {
    type: "sense.task.failed",
    subject: "sense.task.failed",
    id,
    headers: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
    payload: Buffer.alloc(payloadBytes, "ä"),
  };
}

/** The records of messages with these ids, the first of them with the sequence `first`. */
export function recordsOf(ids: readonly string[], first: number, payloadBytes = 10): Buffer[] {
  return ids.map((id, index) => encodeEventRecord(eventOf(id, payloadBytes), first + index));
}
