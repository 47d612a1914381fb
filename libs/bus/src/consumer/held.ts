import type { Msg } from "nats";
import { type AckFacts, storedKey } from "./ack-subject.js";
import { traceparentOf, type UndeliverableEvent } from "./dead-letter.js";

const nothing = new Uint8Array(0);

/** A message that was handed out to us, from then on until NATS has confirmed its acknowledgement. */
export class Held implements UndeliverableEvent {
  /** Let go of as soon as it is acknowledged: it holds all that came from the network with it. */
  message: Msg | undefined;
  reply: string;
  readonly sequence: number;
  readonly storedNs: number;
  readonly deliveries: number;
  acked = false;
  touchedMs = performance.now();

  constructor(message: Msg, reply: string, { sequence, storedNs, deliveries }: AckFacts) {
    this.message = message;
    this.reply = reply;
    this.sequence = sequence;
    this.storedNs = storedNs;
    this.deliveries = deliveries;
  }

  get subject(): string {
    return this.message?.subject ?? "";
  }

  get bytes(): Uint8Array {
    return this.message?.data ?? nothing;
  }

  get key(): string {
    return storedKey(this.reply);
  }

  get traceparent(): string | undefined {
    return this.message && traceparentOf(this.message);
  }
}
