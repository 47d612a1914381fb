import type { Delivery, Outcome } from "@sense-alerts/bus";
import { decodeEvent, type SenseEvent } from "@sense-alerts/event-contract";
import type { AlertMessage, Composed } from "./alert-messages.js";
import { PublishError } from "./publish-error.js";

/** What is to be done about an event. `later`: to be handed back, nothing can be said of it yet. */
export type Plan =
  | { readonly ok: true; readonly messages: readonly AlertMessage[]; readonly full?: () => Promise<Composed> }
  | { readonly ok: false; readonly reason: string }
  | { readonly ok: "later"; readonly delayMs: number };

export type DeliverOptions = {
  /** The messages of an event, and `full` where that one has yet to be made: the others do not wait for it. */
  readonly plan: (event: SenseEvent) => Plan | Promise<Plan>;
  /** Resolves at the PUBACK, rejects with a PublishError. */
  readonly publish: (message: AlertMessage) => Promise<void>;
  /** Resolves when there is a connection to the broker, in the order of the calls; rejects when the signal aborts. */
  readonly whenOnline: (signal: AbortSignal) => Promise<void>;
  readonly onPublished: (message: AlertMessage, event: SenseEvent) => void;
  readonly onRetry: (message: AlertMessage, error: PublishError) => void;
  /** An event waits for nothing but its plan or its full message (1), or does so no more (-1). */
  readonly onAside?: (change: 1 | -1) => void;
};

/** What the broker will never take, however often it is sent: topic name invalid, packet too large, payload format invalid. */
const permanent = new Map([
  [0x90, "topic-name-invalid"],
  [0x95, "packet-too-large"],
  [0x99, "payload-format-invalid"],
]);
/** Not authorized: an operator can grant it, so the event is kept and tried now and then. */
const notAuthorized = 0x87;
const notAuthorizedRetryMs = 60_000;
const refusedRetryMs = 1_000;
/** A message that was alone under way at that many breaks is what the broker hangs up on: others go on without it. */
const mostBreaks = 3;
const brokeRetryMs = 60_000;
/** As many as NATS leaves unacknowledged; the oldest is forgotten first, and all of its messages sent again. */
const mostRemembered = 10_000;

type MessageResult = { kind: "published"; of: AlertMessage["kind"] } | Exclude<Outcome, { kind: "done" }>;

const handedBack = { kind: "later", delayMs: 0 } as const;

/**
 * The use case of this service: makes a handler that turns a delivery from the bus into its MQTT messages and is done when
 * the broker has acknowledged each. A delivery stays in hand while the broker is away, so the order of the alerts stays.
 * One that is handed back for a while is sent without the messages that were acknowledged before.
 */
export function createDeliver(options: DeliverOptions): (delivery: Delivery, signal: AbortSignal) => Promise<Outcome> {
  /** By event id, for the events that were handed back. */
  const acknowledged = new Map<string, readonly AlertMessage["kind"][]>();

  function remember(eventId: string, kinds: readonly AlertMessage["kind"][]): void {
    acknowledged.set(eventId, kinds);
    const [oldest] = acknowledged.keys();
    if (acknowledged.size > mostRemembered && oldest !== undefined) acknowledged.delete(oldest);
  }

  async function deliverMessage(message: AlertMessage, event: SenseEvent, signal: AbortSignal): Promise<MessageResult> {
    let breaks = 0;
    while (!signal.aborted) {
      try {
        await options.publish(message);
        options.onPublished(message, event);
        return { kind: "published", of: message.kind };
      } catch (error) {
        if (!(error instanceof PublishError)) throw error;
        const reason = permanent.get(error.reasonCode ?? 0);
        if (reason !== undefined) return { kind: "dead", reason };
        options.onRetry(message, error);
        if (error.reasonCode === notAuthorized) return { kind: "later", delayMs: notAuthorizedRetryMs };
        if (error.code === "refused") return { kind: "later", delayMs: refusedRetryMs };
        if (error.alone && ++breaks === mostBreaks) return { kind: "later", delayMs: brokeRetryMs };
        await options.whenOnline(signal).catch(() => undefined);
      }
    }
    return handedBack;
  }

  /** Undefined when the signal aborts first. Counted as aside once all else is done. */
  async function wait<T>(wanted: Promise<T>, allElse: Promise<unknown>, signal: AbortSignal): Promise<T | undefined> {
    let isAside = false;
    let isOver = false;
    const setAside = () => {
      if (isOver) return;
      isAside = true;
      options.onAside?.(1);
    };
    // What fails in it is told to who waits for it.
    allElse.then(setAside, () => undefined);
    try {
      return await unlessAborted(wanted, signal);
    } finally {
      isOver = true;
      if (isAside) options.onAside?.(-1);
    }
  }

  async function deliverFull(
    made: Promise<Composed>,
    others: Promise<unknown>,
    event: SenseEvent,
    signal: AbortSignal,
  ): Promise<readonly MessageResult[]> {
    const composed = await wait(made, others, signal);
    if (composed === undefined) return [handedBack];
    if (!composed.ok) return [{ kind: "dead", reason: composed.reason }];
    return Promise.all(composed.messages.map((message) => deliverMessage(message, event, signal)));
  }

  return async (delivery, signal) => {
    const decoded = decodeEvent(delivery.bytes);
    if (!decoded.ok) return { kind: "dead", reason: decoded.reason };
    const { event } = decoded;
    const planned = options.plan(event);
    // A plan that is there is carried out in this tick, so the messages go out in the order of the events.
    const plan = planned instanceof Promise ? await wait(planned, Promise.resolve(), signal) : planned;
    if (plan === undefined) return handedBack;
    if (plan.ok === "later") return { kind: "later", delayMs: plan.delayMs };
    if (!plan.ok) return { kind: "dead", reason: plan.reason };
    const kinds = acknowledged.get(event.id) ?? [];
    acknowledged.delete(event.id);
    const open = plan.messages.filter((message) => !kinds.includes(message.kind));
    // All are written in this tick, in their order; only their acknowledgements are waited for together.
    const others = Promise.all(open.map((message) => deliverMessage(message, event, signal)));
    const isFullOpen = plan.full !== undefined && !kinds.includes("full");
    const full = isFullOpen ? deliverFull(plan.full(), others, event, signal) : [];
    const results = (await Promise.all([others, full])).flat();
    // What can still go out goes out before the event is given up for what cannot.
    const later = results.find((result) => result.kind === "later");
    if (later === undefined) return results.find((result) => result.kind === "dead") ?? { kind: "done" };
    remember(event.id, [...kinds, ...results.flatMap((result) => (result.kind === "published" ? [result.of] : []))]);
    return later;
  };
}

async function unlessAborted<T>(wanted: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  let onAbort = () => {};
  const aborted = new Promise<undefined>((resolve) => {
    onAbort = () => resolve(undefined);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([wanted, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
