import type { Delivery, Outcome } from "@sense-alerts/bus";
import { decodeEvent, type SenseEvent } from "@sense-alerts/event-contract";
import type { AlertMessage, Composed } from "../alerts/alert-messages.js";
import type { MqttPublisher } from "../mqtt/mqtt-publisher.js";
import type { PublishError } from "../mqtt/publish-error.js";

/** What is to be done about an event. `later`: to be handed back, nothing can be said of it yet. */
export type Plan =
  | { readonly ok: true; readonly messages: readonly AlertMessage[]; readonly full?: () => Promise<Composed> }
  | { readonly ok: false; readonly reason: string }
  | { readonly ok: "later"; readonly delayMs: number };

export type DeliverOptions = {
  /** The messages of an event, and `full` where that one has yet to be made: the others do not wait for it. */
  readonly plan: (event: SenseEvent) => Plan | Promise<Plan>;
  /** Tells once, at the PUBACK or with a PublishError. */
  readonly send: MqttPublisher["send"];
  /** Whether a message that is sent now goes out at once. Call `wake()` when that changes to true. */
  readonly hasRoom: () => boolean;
  /** Resolves when there is a connection to the broker, in the order of the calls; rejects when the signal aborts. */
  readonly whenOnline: (signal: AbortSignal) => Promise<void>;
  readonly onPublished: (message: AlertMessage, event: SenseEvent) => void;
  readonly onRetry: (message: AlertMessage, error: PublishError) => void;
  /** What became of each delivery that was handed in. */
  readonly onOutcome?: (outcome: Outcome) => void;
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

type Published = { readonly kind: "published"; readonly of: AlertMessage["kind"] };
type MessageResult = Published | Exclude<Outcome, { kind: "done" }>;
type OnResult = (result: MessageResult) => void;

const published: Readonly<Record<AlertMessage["kind"], Published>> = {
  basic: { kind: "published", of: "basic" },
  full: { kind: "published", of: "full" },
  status: { kind: "published", of: "status" },
  result: { kind: "published", of: "result" },
};

const handedBack = { kind: "later", delayMs: 0 } as const;
const done = { kind: "done" } as const;
const none: readonly never[] = [];

export type Deliver = {
  /** The handler. A delivery waits as it came until there is room for its messages: so little of what is in hand takes memory. */
  handle(delivery: Delivery, signal: AbortSignal): Promise<Outcome>;
  wake(): void;
};

/** A delivery that waits for room, or is being worked on. */
type Job = {
  readonly delivery: Delivery;
  readonly signal: AbortSignal;
  readonly resolve: (outcome: Outcome) => void;
  /** What only a fault of ours brings about. */
  readonly reject: (error: unknown) => void;
};

/**
 * The use case of this service: makes a handler that turns a delivery from the bus into its MQTT messages and is done when
 * the broker has acknowledged each. A delivery stays in hand while the broker is away, so the order of the alerts stays.
 * One that is handed back for a while is sent without the messages that were acknowledged before.
 */
export function createDeliver(options: DeliverOptions): Deliver {
  /** By event id, for the events that were handed back. */
  const acknowledged = new Map<string, readonly AlertMessage["kind"][]>();
  let waiting: Job[] = [];
  let watched: AbortSignal | undefined;

  function finish({ resolve }: Job, outcome: Outcome): void {
    options.onOutcome?.(outcome);
    resolve(outcome);
  }

  function remember(eventId: string, kinds: readonly AlertMessage["kind"][]): void {
    acknowledged.set(eventId, kinds);
    const [oldest] = acknowledged.keys();
    if (acknowledged.size > mostRemembered && oldest !== undefined) acknowledged.delete(oldest);
  }

  /** Sends until the broker has it, or says that it will not. Neither a promise nor an array is made for it. */
  function deliverMessage(message: AlertMessage, event: SenseEvent, job: Job, onResult: OnResult): void {
    let breaks = 0;

    function attempt(): void {
      if (job.signal.aborted) onResult(handedBack);
      else options.send(message, onPublished);
    }

    function onPublished(error: PublishError | undefined): void {
      const result = error === undefined ? published[message.kind] : resultOf(error);
      if (error === undefined) options.onPublished(message, event);
      if (result === undefined) options.whenOnline(job.signal).then(attempt, attempt).catch(job.reject);
      else onResult(result);
    }

    /** Undefined when it is to be sent again as soon as there is a connection. */
    function resultOf(error: PublishError): MessageResult | undefined {
      const reason = permanent.get(error.reasonCode ?? 0);
      if (reason !== undefined) return { kind: "dead", reason };
      options.onRetry(message, error);
      if (error.reasonCode === notAuthorized) return { kind: "later", delayMs: notAuthorizedRetryMs };
      if (error.code === "refused") return { kind: "later", delayMs: refusedRetryMs };
      if (error.alone && ++breaks === mostBreaks) return { kind: "later", delayMs: brokeRetryMs };
      return undefined;
    }

    attempt();
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

  /** What still has to be made is sent when it is there; `others` resolves when all other messages have their result. */
  async function deliverFull(
    made: Promise<Composed>,
    others: Promise<unknown>,
    event: SenseEvent,
    job: Job,
    onResult: OnResult,
  ): Promise<void> {
    const composed = await wait(made, others, job.signal);
    if (composed === undefined) return onResult(handedBack);
    if (!composed.ok) return onResult({ kind: "dead", reason: composed.reason });
    const [message] = composed.messages;
    if (message === undefined) onResult({ kind: "published", of: "full" });
    else deliverMessage(message, event, job, onResult);
  }

  function carryOut(plan: Plan | undefined, event: SenseEvent, job: Job): void {
    if (plan?.ok === true) deliverAll(plan, event, job);
    else if (plan === undefined) finish(job, handedBack);
    else
      finish(
        job,
        plan.ok === "later" ? { kind: "later", delayMs: plan.delayMs } : { kind: "dead", reason: plan.reason },
      );
  }

  function deliverAll(plan: Extract<Plan, { ok: true }>, event: SenseEvent, job: Job): void {
    const kinds = acknowledged.get(event.id) ?? none;
    if (kinds.length > 0) acknowledged.delete(event.id);
    const messages = kinds.length === 0 ? plan.messages : plan.messages.filter(({ kind }) => !kinds.includes(kind));
    const full = plan.full !== undefined && !kinds.includes("full") ? plan.full : undefined;
    const results: MessageResult[] = [];
    const wanted = messages.length + (full === undefined ? 0 : 1);
    if (wanted === 0) finish(job, done);
    let onOthers = () => {};

    function onResult(result: MessageResult): void {
      results.push(result);
      if (results.length === messages.length) onOthers();
      if (results.length < wanted) return;
      const outcome = outcomeOf(results);
      if (outcome.kind === "later")
        remember(event.id, [...kinds, ...results.flatMap((one) => (one.kind === "published" ? [one.of] : []))]);
      finish(job, outcome);
    }

    // All are sent in this tick, in their order; only their acknowledgements are waited for together.
    for (const message of messages) deliverMessage(message, event, job, onResult);
    if (full === undefined) return;
    const others = new Promise<void>((resolve) => {
      onOthers = resolve;
      if (results.length >= messages.length) resolve();
    });
    deliverFull(full(), others, event, job, onResult).catch(job.reject);
  }

  function start(job: Job): void {
    const decoded = decodeEvent(job.delivery.bytes);
    if (!decoded.ok) {
      finish(job, { kind: "dead", reason: decoded.reason });
      return;
    }
    const { event } = decoded;
    const planned = options.plan(event);
    if (planned instanceof Promise) {
      wait(planned, Promise.resolve(), job.signal)
        .then((plan) => carryOut(plan, event, job))
        .catch(job.reject);
    } else {
      // A plan that is there is carried out in this tick, so the messages go out in the order of the events.
      carryOut(planned, event, job);
    }
  }

  function wake(): void {
    while (waiting.length > 0 && options.hasRoom()) {
      const job = waiting.shift() as Job;
      try {
        start(job);
      } catch (error) {
        job.reject(error);
      }
    }
  }

  function handBackAborted(): void {
    const jobs = waiting;
    waiting = jobs.filter(({ signal }) => !signal.aborted);
    for (const job of jobs) if (job.signal.aborted) finish(job, handedBack);
  }

  /** It is the same for all but a few. */
  function watch(signal: AbortSignal): void {
    if (signal === watched) return;
    watched = signal;
    signal.addEventListener("abort", handBackAborted, { once: true });
  }

  return {
    handle: (delivery, signal) =>
      new Promise((resolve, reject) => {
        const job = { delivery, signal, resolve, reject };
        if (signal.aborted) return finish(job, handedBack);
        watch(signal);
        waiting.push(job);
        wake();
      }),
    wake,
  };
}

/** What can still go out goes out before the event is given up for what cannot. */
function outcomeOf(results: readonly MessageResult[]): Outcome {
  let outcome: Outcome = done;
  for (const result of results) {
    if (result.kind === "later") return result;
    if (result.kind === "dead" && outcome === done) outcome = result;
  }
  return outcome;
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
