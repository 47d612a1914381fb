import type { Msg } from "nats";
import { traceparentOf, type UndeliverableEvent } from "./dead-letter.js";
import type { DeliveryFacts } from "./delivery-subject.js";

/** A delivery that the handler has, from its arrival until the handler's outcome. */
export class InFlight implements UndeliverableEvent {
  readonly #message: Msg;
  readonly key: string;
  readonly sequence: number;
  readonly storedNs: number;
  readonly deliveries: number;
  /** Where it is acknowledged: of the latest delivery of this message. */
  reply: string;
  /** When NATS last heard of it. */
  touchedMs = performance.now();

  constructor(message: Msg, reply: string, { key, sequence, storedNs, deliveries }: DeliveryFacts) {
    this.#message = message;
    this.reply = reply;
    this.key = key;
    this.sequence = sequence;
    this.storedNs = storedNs;
    this.deliveries = deliveries;
  }

  get subject(): string {
    return this.#message.subject;
  }

  get bytes(): Uint8Array {
    return this.#message.data;
  }

  get traceparent(): string | undefined {
    return traceparentOf(this.#message);
  }
}
