import type { BusMessage } from "@sense-alerts/bus";
import {
  type EngineEvent,
  type EventType,
  encodeEvent,
  type IngestStatusEvent,
  rejectedSubject,
  subjectOf,
  type TaskEvent,
} from "@sense-alerts/event-contract";
import type { Rejection } from "./datagram/rejection.js";

export type EventMessage = BusMessage & { readonly type: EventType };

/** The message on the bus for an event: its id keeps a repeat from being stored, its trace goes on as a header. */
export function eventMessage(event: TaskEvent | EngineEvent | IngestStatusEvent, subjectPrefix: string): EventMessage {
  return {
    type: event.type,
    subject: subjectOf(event.type, subjectPrefix),
    id: event.id,
    payload: encodeEvent(event),
    ...(event.traceparent === undefined ? {} : { headers: { traceparent: event.traceparent } }),
  };
}

export type RejectedDatagram = {
  readonly bytes: Uint8Array;
  readonly address: string;
  readonly port: number;
  readonly receivedAtMs: number;
  readonly traceparent: string;
  readonly reason: Rejection;
};

/** The message for a rejected datagram: its bytes unchanged, the reason and the source as headers. */
export function rejectedMessage(
  datagram: RejectedDatagram,
  id: string,
  instance: string,
  subjectPrefix: string,
): BusMessage {
  return {
    subject: rejectedSubject(subjectPrefix),
    id,
    payload: datagram.bytes,
    headers: {
      "Sense-Reason": datagram.reason,
      "Sense-Source": datagram.address.includes(":")
        ? `[${datagram.address}]:${datagram.port}`
        : `${datagram.address}:${datagram.port}`,
      "Sense-Received-At": new Date(datagram.receivedAtMs).toISOString(),
      "Sense-Instance": instance,
      traceparent: datagram.traceparent,
    },
  };
}
