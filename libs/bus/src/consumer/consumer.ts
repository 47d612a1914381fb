import { setMaxListeners } from "node:events";
import { type Msg, type NatsConnection, nanos, type Subscription } from "nats";
import type { Connection } from "../connection/connection.js";
import { explainNatsError } from "../connection/explain.js";
import type { BusLogger, BusOptions } from "../connection/options.js";
import { atMost, backoffMs, deletionMs, pause } from "../connection/wait.js";
import type { Publisher } from "../publisher/publisher.js";
import { isStreamNotFound } from "../streams/streams.js";
import { type AckFacts, readAckSubject } from "./ack-subject.js";
import { createAcknowledgements } from "./acknowledgements.js";
import type { ConsumerOptions, Consumption, Outcome } from "./consumption.js";
import { deadLetter, storeDeadLetter } from "./dead-letter.js";
import { ensureDurable } from "./durable.js";
import { Held } from "./held.js";
import { NumberMap } from "./number-map.js";
import { OpenPull } from "./open-pull.js";
import { Recent } from "./recent.js";

const pullExpiresMs = 5_000;
/** How much later than that NATS may say that a request has expired, before its silence means something else. */
const pullGraceMs = 2_500;
const soonMs = 5;
const tickMs = 1_000;
const confirmMs = 5_000;
const flushMs = 1_000;
const hurriedFlushMs = 150;
/** An event that the handler failed over at this delivery or a later one is a dead letter. */
const mostDeliveries = 3;
const nakSoon = `-NAK ${JSON.stringify({ delay: nanos(1_000) })}`;
/** NATS writes acknowledgements to disk ten times a second: after a crash it hands out again what it had confirmed since. */
const rememberedAcks = 16_384;

/**
 * The loop over one durable pull consumer. It speaks JetStream's pull protocol itself (ADR-13): an acknowledgement counts
 * when NATS confirms it and is repeated after a reconnect, so a lost one does not become a second alert; and nothing it
 * waits for can hang, since every request is forgotten after its time.
 */
export function startConsumer(
  connection: Connection,
  publisher: Publisher,
  options: BusOptions & ConsumerOptions,
  logger: BusLogger,
): Consumption {
  const { stream: streamName = options.streamName, durable, maxInHand, aside, maxAgeMs, ackWaitMs = 30_000 } = options;
  /** By when they were stored: that tells one from the one of the same sequence in a stream that was made anew. */
  const held = new NumberMap<Held>();
  const finished = new Recent(rememberedAcks);
  const openPull = new OpenPull();
  const stopping = new AbortController();
  const handBack = new AbortController();
  // Everything in hand may listen to it.
  setMaxListeners(0, handBack.signal);
  let looking = new AbortController();
  let pulls: Subscription | undefined;
  let pullInbox = "";
  let lastPull = 0;
  let soon: NodeJS.Timeout | undefined;
  let acks: Subscription | undefined;
  const acknowledgements = createAcknowledgements<Held>(send, Math.ceil(maxInHand / 8));
  let ready = false;
  let pending = 0;
  let detail = "not connected yet";
  let onEmpty: (() => void) | undefined;

  function send(subject: string, payload: string | Uint8Array, reply?: string): void {
    connection.current()?.publish(subject, payload, reply === undefined ? {} : { reply });
  }

  /** Asks for as many messages as there is room for, unless that is less than `leastRoom` or NATS was asked already. */
  function pull(leastRoom = 1): void {
    const room = maxInHand - held.size + (aside?.count() ?? 0);
    if (!ready || openPull.remaining > 0 || room < leastRoom || !options.wanted()) return;
    const reply = `${pullInbox}${++lastPull}`;
    openPull.opened(reply, room, performance.now() + pullExpiresMs + pullGraceMs);
    send(
      `$JS.API.CONSUMER.MSG.NEXT.${streamName}.${durable}`,
      JSON.stringify({ batch: room, expires: nanos(pullExpiresMs) }),
      reply,
    );
  }

  /** Asks for a quarter of the window at least, or a moment later for less: not once for each acknowledged message. */
  function pullSoon(): void {
    pull(Math.ceil(maxInHand / 4));
    if (openPull.remaining > 0 || soon !== undefined) return;
    soon = setTimeout(() => {
      soon = undefined;
      pull();
    }, soonMs);
  }

  function release(entries: readonly Held[]): void {
    for (const entry of entries) if (held.get(entry.storedNs) === entry) held.delete(entry.storedNs);
    if (held.size === 0) onEmpty?.();
    pullSoon();
  }

  function acknowledge(entry: Held): void {
    entry.acked = true;
    entry.message = undefined;
    entry.touchedMs = performance.now();
    acknowledgements.add(entry);
  }

  function inProgress(entry: Held): void {
    entry.touchedMs = performance.now();
    send(entry.reply, "+WPI");
  }

  async function bury(entry: Held, reason: string): Promise<void> {
    const { subject, sequence, traceparent } = entry;
    const letter = deadLetter(streamName, entry, reason, options.subjectPrefix);
    if (!(await storeDeadLetter(letter, publisher, handBack.signal, logger))) return giveBack(entry, 0);
    logger.error({ reason, subject, sequence, traceparent }, "event is a dead letter");
    options.onDeadLetter?.(reason);
    acknowledge(entry);
  }

  function giveBack(entry: Held, delayMs: number): void {
    if (held.get(entry.storedNs) !== entry) return;
    send(entry.reply, delayMs === 0 ? "-NAK" : `-NAK ${JSON.stringify({ delay: nanos(delayMs) })}`);
    release([entry]);
  }

  function onOutcome(entry: Held, outcome: Outcome): void {
    if (outcome.kind === "done") acknowledge(entry);
    else if (outcome.kind === "later") giveBack(entry, outcome.delayMs);
    else void bury(entry, outcome.reason);
  }

  function onFault(entry: Held, error: unknown): void {
    const { subject, sequence, deliveries } = entry;
    logger.error({ err: error, subject, sequence }, "handling an event failed");
    if (deliveries < mostDeliveries) giveBack(entry, ackWaitMs);
    else void bury(entry, "handling-failed");
  }

  function onDelivery(message: Msg, reply: string, facts: AckFacts): void {
    const { sequence, storedNs } = facts;
    const known = held.get(storedNs);
    if (known !== undefined) {
      // Stored within some hundred nanoseconds of another: it waits until that has left.
      if (known.sequence !== sequence) {
        send(reply, nakSoon);
        return;
      }
      // Handed out again while still in hand, after a restart of NATS: one of them is enough, under the newer reply.
      known.reply = reply;
      if (known.acked) acknowledge(known);
    } else if (finished.has(sequence, storedNs)) send(reply, "+ACK");
    else if (stopping.signal.aborted || held.size >= maxInHand + (aside?.most ?? 0)) send(reply, "-NAK");
    else {
      const entry = new Held(message, reply, facts);
      held.set(storedNs, entry);
      options.handle(entry, handBack.signal).then(
        (outcome) => onOutcome(entry, outcome),
        (error: unknown) => onFault(entry, error),
      );
    }
  }

  function onPullEnd({ subject, headers }: Msg): void {
    if (!openPull.ended(subject)) return;
    const { code = 0, description = "" } = headers ?? {};
    if (code === 408) pull();
    else if (code === 503 || description.toLowerCase().includes("deleted"))
      void ensure("the consumer is gone", deletionMs);
    // Asked again by the ticker: at once could be refused again at once.
    else logger.warn({ consumer: durable, code, reason: description }, "nats ended a request for events");
  }

  function onPulled(message: Msg): void {
    const facts = readAckSubject(message.reply);
    if (facts === undefined || message.reply === undefined) {
      onPullEnd(message);
      return;
    }
    openPull.served();
    pending = facts.pending;
    onDelivery(message, message.reply, facts);
    pullSoon();
  }

  function onConfirmed(message: Msg): void {
    const confirmed = acknowledgements.confirmed(message.subject);
    for (const { sequence, storedNs } of confirmed) finished.add(sequence, storedNs);
    release(confirmed);
    if (ready && message.headers?.code === 503) void ensure("the consumer is gone", deletionMs);
  }

  function subscribe(on: NatsConnection, inbox: string, onMessage: (message: Msg) => void): Subscription {
    const callback = (error: Error | null, message: Msg) => {
      // A permission that is missing is reported by the connection.
      if (error === null) onMessage(message);
    };
    return on.subscribe(`${inbox}*`, { callback });
  }

  function unready(why: string): void {
    looking.abort();
    ready = false;
    detail = why;
    openPull.clear();
  }

  /** Looks at the durable consumer until it is there or the link breaks; then asks for messages. */
  async function ensure(why: string, afterMs = 0): Promise<void> {
    if (stopping.signal.aborted) return;
    unready(why);
    looking = new AbortController();
    const { signal } = looking;
    if (afterMs > 0) await pause(afterMs, signal);
    for (let attempt = 0; !signal.aborted; attempt++) {
      const current = connection.current();
      if (current === undefined) return;
      try {
        const wanted = { stream: streamName, durable, ackWaitMs, maxAgeMs, filterSubject: options.filterSubject };
        const passedOver = await ensureDurable(current, wanted, logger);
        if (passedOver > 0) options.onPassedOver(passedOver);
        if (signal.aborted) return;
        // NATS drops earlier requests with their inbox, so that no more can come than is asked for from here on.
        void drained(pulls);
        pullInbox = connection.newInbox();
        pulls = subscribe(current, pullInbox, onPulled);
        ready = true;
        detail = durable;
        return pull();
      } catch (error) {
        if (signal.aborted) return;
        detail = explainNatsError(error, options);
        const facts = { stream: streamName, consumer: durable, reason: detail, err: error };
        if (connection.isNews(detail)) logger.warn(facts, "waiting for the consumer");
        if (isStreamNotFound(error)) return connection.recheck();
        await pause(backoffMs(attempt), signal);
      }
    }
  }

  connection.onOpen((opened) => {
    const ackInbox = connection.newInbox();
    acknowledgements.opened(ackInbox);
    acks = subscribe(opened, ackInbox, onConfirmed);
  });
  connection.onChange((up) => {
    if (!up) return unready("no connection to NATS");
    for (const entry of held.values()) entry.acked ? acknowledge(entry) : inProgress(entry);
    void ensure("looking at the consumer");
  });

  const ticker = setInterval(() => {
    const nowMs = performance.now();
    for (const entry of held.values()) {
      const idleMs = nowMs - entry.touchedMs;
      if (entry.acked && idleMs > confirmMs) acknowledge(entry);
      else if (!entry.acked && idleMs > ackWaitMs / 3) inProgress(entry);
    }
    // A request to a consumer that is not there is not answered at all.
    if (openPull.overdue(nowMs)) void ensure("no answer to a request for events");
    else pull();
  }, tickMs);

  return {
    state: () => ({ up: ready, detail }),
    inHand: () => held.size,
    pending: () => pending,
    wake: pullSoon,
    close: async (hurry) => {
      stopping.abort();
      unready("closed");
      const noneComing = drained(pulls);
      if (held.size > 0 && !hurry.aborted) {
        await new Promise<void>((resolve) => {
          onEmpty = resolve;
          hurry.addEventListener("abort", () => resolve(), { once: true });
        });
      }
      acknowledgements.flush();
      handBack.abort();
      for (const entry of held.values().sort((one, other) => one.sequence - other.sequence))
        if (!entry.acked) giveBack(entry, 0);
      clearInterval(ticker);
      // The second wait sees to it that what was handed back has reached NATS.
      await atMost(
        hurry.aborted ? hurriedFlushMs : flushMs,
        noneComing.then(() => drained(acks)),
      );
    },
  };
}

/** Resolves when no more messages can come. A closed connection brings none either. */
async function drained(subscription: Subscription | undefined): Promise<void> {
  await subscription?.drain().catch(() => undefined);
}
