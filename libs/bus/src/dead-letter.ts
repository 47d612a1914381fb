import { deadLetterSubject } from "@sense-alerts/event-contract";
import type { BusMessage } from "./publisher.js";

export type UndeliverableEvent = {
  readonly stream: string;
  /** Names the message within every stream of that name, also one that was made anew. */
  readonly key: string;
  readonly subject: string;
  readonly sequence: number;
  readonly deliveries: number;
  readonly bytes: Uint8Array;
};

/** The dead letter of an event: its bytes unchanged, the rest as headers. Its id keeps a repeated burial from storing it twice. */
export function deadLetter(event: UndeliverableEvent, reason: string, subjectPrefix: string): BusMessage {
  return {
    subject: deadLetterSubject(subjectPrefix),
    id: `dead:${event.stream}:${event.key}`,
    payload: event.bytes,
    headers: {
      "Sense-Reason": reason,
      "Sense-Subject": event.subject,
      "Sense-Sequence": String(event.sequence),
      "Sense-Deliveries": String(event.deliveries),
    },
  };
}
