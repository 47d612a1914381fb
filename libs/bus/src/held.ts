import type { Msg } from "nats";
import type { AckFacts } from "./ack-subject.js";
import type { Delivery } from "./consumption.js";

const nothing = new Uint8Array(0);

/** A message that was handed out to us, from then on until NATS has confirmed its acknowledgement. */
export class Held implements Delivery {
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
}
