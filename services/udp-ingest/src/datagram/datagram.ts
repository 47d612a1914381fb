import type { EngineEvent, TaskEvent } from "@sense-alerts/event-contract";
import type { Rejection } from "./rejection.js";

/** What the socket took in: the bytes as they came, from whom and when, and the W3C trace context they travel under. */
export type ReceivedDatagram = {
  readonly bytes: Buffer;
  readonly address: string;
  readonly port: number;
  readonly receivedAtMs: number;
  readonly traceparent: string;
};

/** What a datagram turned out to be: an event, or the reason why it is none, with the tag that it begins with. */
export type Reading =
  | { readonly ok: true; readonly event: TaskEvent | EngineEvent }
  | { readonly ok: false; readonly reason: Rejection; readonly tag?: string };
