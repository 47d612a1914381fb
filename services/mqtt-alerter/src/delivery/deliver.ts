import type { Delivery, Outcome } from "@sense-alerts/bus";
import type { SenseEvent } from "@sense-alerts/event-contract";
import type { AlertMessage, ComposedOne } from "../alerts/alert-messages.js";
import type { AlertPublisher } from "../mqtt/alert-publisher.js";
import type { PublishResult, Refused } from "../mqtt/publish-result.js";
import { createParking } from "./parking.js";
import type { Decode } from "./shared-decoder.js";

/** The message of an event in one lane, if there is one; or `later`: nothing can be said about it yet. */
export type Plan =
  | Extract<ComposedOne, { readonly ok: true }>
  | { readonly ok: false; readonly reason: string }
  | { readonly ok: "later"; readonly delayMs: number };

/** Basic messages and those of the UDP server's status, or full messages. */
export type Lane = "basic" | "full";

export type Planner = (event: SenseEvent) => Plan | Promise<Plan>;
export type Plans = Readonly<Record<Lane, Planner>>;

export type DeliverOptions = {
  readonly lane: Lane;
  /** The durable consumer of the lane. */
  readonly consumer: string;
  readonly decode: Decode;
  readonly plan: Planner;
  readonly publish: AlertPublisher["publish"];
  readonly onPublished: (message: AlertMessage, event: SenseEvent) => void;
  readonly onRefused: (message: AlertMessage, refused: Refused) => void;
  /** Called with the outcome of each delivery. */
  readonly onOutcome?: (outcome: Outcome) => void;
};

export type Deliver = (delivery: Delivery, signal: AbortSignal) => Promise<Outcome>;

const done: Outcome = { kind: "done" };
const handedBack: Outcome = { kind: "later", delayMs: 0 };

/**
 * The use case of this service, once per lane: event → message → PUBACK → ack. A delivery becomes at most one message.
 * It stays in flight while the broker is away, is given back for a time while the broker refuses its topic, and becomes
 * a dead letter when the broker will not take it.
 */
export function createDeliver(options: DeliverOptions): Deliver {
  const parking = createParking();

  function refusedOutcome({ sequence }: Delivery, { reason, retryInMs }: Refused): Outcome {
    if (retryInMs === undefined || !parking.park(sequence, retryInMs)) return { kind: "dead", reason };
    return { kind: "later", delayMs: Math.ceil(retryInMs) };
  }

  async function publish(
    message: AlertMessage,
    event: SenseEvent,
    delivery: Delivery,
    signal: AbortSignal,
  ): Promise<Outcome> {
    let sent = message;
    let result: PublishResult = await options.publish(sent, signal);
    while (result.kind === "refused" && result.reason === "packet-too-large" && sent.smaller !== undefined) {
      sent = sent.smaller();
      result = await options.publish(sent, signal);
    }
    if (result.kind === "aborted") return handedBack;
    if (result.kind === "refused") {
      options.onRefused(sent, result);
      return refusedOutcome(delivery, result);
    }
    options.onPublished(sent, event);
    return done;
  }

  function carryOut(
    plan: Plan,
    event: SenseEvent,
    delivery: Delivery,
    signal: AbortSignal,
  ): Outcome | Promise<Outcome> {
    if (plan.ok === "later") return { kind: "later", delayMs: plan.delayMs };
    if (!plan.ok) return { kind: "dead", reason: plan.reason };
    return plan.message === undefined ? done : publish(plan.message, event, delivery, signal);
  }

  function deliver(delivery: Delivery, signal: AbortSignal): Outcome | Promise<Outcome> {
    parking.take(delivery.sequence);
    if (signal.aborted) return handedBack;
    const decoded = options.decode(delivery);
    // One dead letter is enough, and it is the other lane's.
    if (!decoded.ok) return options.lane === "full" ? done : { kind: "dead", reason: decoded.reason };
    const { event } = decoded;
    // A replayed dead letter of another consumer: this one has delivered it.
    if (event.consumer !== undefined && event.consumer !== options.consumer) return done;
    const plan = options.plan(event);
    // A plan that is there is carried out in this tick, so the messages are sent in the order of the events.
    if (!(plan instanceof Promise)) return carryOut(plan, event, delivery, signal);
    return unlessAborted(plan, signal).then((made) =>
      made === undefined ? handedBack : carryOut(made, event, delivery, signal),
    );
  }

  return async (delivery, signal) => {
    const outcome = await deliver(delivery, signal);
    options.onOutcome?.(outcome);
    return outcome;
  };
}

async function unlessAborted<T>(wanted: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  let onAbort = () => {};
  const aborted = new Promise<undefined>((resolve) => {
    onAbort = () => resolve(undefined);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
  try {
    return await Promise.race([wanted, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
