import type { LinkState } from "@sense-alerts/link-kit";

/** A message that was handed out; it can be read until it is done. */
export type Delivery = {
  /** Identifies the message, also after the stream was created again; the same for all consumers. */
  readonly key: string;
  readonly subject: string;
  readonly bytes: Uint8Array;
  /** The sequence in the stream: larger is later. */
  readonly sequence: number;
  /** 1 at the first delivery. */
  readonly deliveries: number;
};

/**
 * The outcome of a delivery: `done` acknowledges, `later` hands it back for a time, `dead` copies it to the dead
 * letters.
 */
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
  readonly maxInFlight: number;
  /** NATS delivers a message again when it hears nothing of it for this long; 7 s if left out. */
  readonly ackWaitMs?: number;
  /** A consumer that is created starts at what was stored this long ago: no storm of old alerts. */
  readonly maxAgeMs: number;
  /** An older durable consumer: where it exists, a consumer that is created starts at its ack floor instead. */
  readonly startAfter?: string;
  /** Called with how many messages in the stream were older when the durable consumer was created. */
  readonly onPassedOver: (messages: number) => void;
  /**
   * Messages wait, deliveries are wanted, and none was completed for this long: the consumer has stalled; 60 s if left
   * out.
   */
  readonly stallMs?: number;
  /** Called each time the consumer has stalled and is restarted. */
  readonly onStalled?: () => void;
  /**
   * How many more deliveries are wanted now; call `wake()` when that rises for another reason than an outcome. What
   * NATS was asked for before it fell may still come.
   */
  readonly wanted: () => number;
  /**
   * Called in stream order, without waiting for earlier ones. A delivery may stay in hand as long as it takes: NATS is
   * informed that it is in progress. When the signal aborts it should return `later` soon. It should not reject: the
   * delivery is then handed back for the ack wait, and at the third becomes a dead letter (`handling-failed`).
   */
  readonly handle: (delivery: Delivery, signal: AbortSignal) => Promise<Outcome>;
  /** Called once for each dead letter, when it is stored. */
  readonly onDeadLetter?: (reason: string) => void;
};

export type Consumption = {
  state(): LinkState;
  /** Deliveries taken and not yet acknowledged. */
  inFlight(): number;
  /** Events in the stream that were not handed out yet, as of the last delivery. */
  pending(): number;
  wake(): void;
  /** Takes nothing more, waits for what is in flight until `hurry` aborts, gives back the rest within a second. */
  close(hurry: AbortSignal): Promise<void>;
};
