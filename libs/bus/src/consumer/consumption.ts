import type { LinkState } from "../connection/connection.js";

/** A message that was handed out; it can be read until it is done. */
export type Delivery = {
  readonly subject: string;
  readonly bytes: Uint8Array;
  /** The sequence in the stream: larger is later. */
  readonly sequence: number;
  /** 1 at the first delivery. */
  readonly deliveries: number;
};

/** What became of a delivery: `done` acknowledges, `later` hands it back for a time, `dead` copies it to the dead letters. */
export type Outcome =
  | { readonly kind: "done" }
  | { readonly kind: "later"; readonly delayMs: number }
  | { readonly kind: "dead"; readonly reason: string };

export type ConsumerOptions = {
  readonly durable: string;
  /** The stream of the events if left out. */
  readonly stream?: string;
  /** What of the stream is read, with wildcards; all if left out. */
  readonly filterSubject?: string;
  /** How many deliveries may be in hand at once. */
  readonly maxInHand: number;
  /**
   * Deliveries that are in hand and do not count, since they wait for something that must not hold up others: how many
   * there are now, and `most`. Call `wake()` when there are more.
   */
  readonly aside?: { readonly most: number; count(): number };
  /** NATS hands a delivery out again when it hears nothing of it for this long; 30 s if left out. */
  readonly ackWaitMs?: number;
  /** When the durable consumer has to be made, it begins with what was stored this long ago: no storm of old alerts. */
  readonly maxAgeMs: number;
  /** Called with how many messages in the stream were older when the durable consumer was made. */
  readonly onPassedOver: (messages: number) => void;
  /**
   * Whether new deliveries are wanted now; call `wake()` when that changes to true. What NATS was asked for before it
   * changed to false may still come.
   */
  readonly wanted: () => boolean;
  /**
   * Called in stream order, without waiting for earlier ones. A delivery may stay in hand as long as it takes: NATS is
   * told that it is being worked on. When the signal aborts it should return `later` soon. It should not reject: the
   * delivery is then handed back for the ack wait, and at the third becomes a dead letter (`handling-failed`).
   */
  readonly handle: (delivery: Delivery, signal: AbortSignal) => Promise<Outcome>;
  /** Called once for each dead letter, when it is stored. */
  readonly onDeadLetter?: (reason: string) => void;
};

export type Consumption = {
  state(): LinkState;
  /** Deliveries taken and not yet acknowledged. */
  inHand(): number;
  /** Events in the stream that were not handed out yet, as of the last delivery. */
  pending(): number;
  wake(): void;
  /** Takes nothing more, waits for what is in hand until `hurry` aborts, hands back the rest within a second. */
  close(hurry: AbortSignal): Promise<void>;
};
