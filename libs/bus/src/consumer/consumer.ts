import { setMaxListeners } from "node:events";
import { atMost, NumberMap } from "@sense-alerts/link-kit";
import { type Msg, type NatsConnection, nanos, type Subscription } from "nats";
import { isNoResponders, statusOfMessage } from "../connection/api-status.js";
import type { Connection } from "../connection/connection.js";
import type { BusLogger, BusOptions } from "../connection/options.js";
import type { Publisher } from "../publisher/publisher.js";
import { createAcks } from "./acks.js";
import { readBacklog } from "./backlog.js";
import type { ConsumerOptions, Consumption, Outcome } from "./consumption.js";
import { deadLetter, storeDeadLetter } from "./dead-letter.js";
import { readDeliverySubject } from "./delivery-subject.js";
import { InFlight } from "./in-flight.js";
import { createRecentMessages } from "./recent-messages.js";
import { startSession } from "./session.js";
import { createWatchdog } from "./watchdog.js";

const tickMs = 250;
/** A smaller request for messages costs more than it brings. */
const leastBatch = 16;
const flushMs = 1_000;
const hurriedFlushMs = 150;
/** An acknowledgement that is not confirmed for so long is a failure of the server. */
const unconfirmedMs = 2_000;
/** An event whose handler rejects at this delivery or a later one becomes a dead letter. */
const maxFailures = 3;
/** NATS may forget what it has confirmed when it crashes, and deliver it again: seen with some 4,000 messages. */
const rememberedMessages = 65_536;

/**
 * Reads one durable pull consumer: delivery → handler → acknowledgement. A message that NATS delivers again is
 * acknowledged again when this process has finished it, and left to its handler while that has it. So the state of NATS
 * may be older than ours, after a crash or a restored backup, and nothing is handled twice here and nothing waits
 * without end.
 */
export function startConsumer(
  connection: Connection,
  publisher: Publisher,
  options: BusOptions & ConsumerOptions,
  logger: BusLogger,
): Consumption {
  const { stream = options.streamName, durable, maxInFlight, ackWaitMs = 8_000, stallMs = 60_000 } = options;
  /** By sequence. */
  const inFlight = new NumberMap<InFlight>();
  const finished = createRecentMessages(rememberedMessages);
  const handBack = new AbortController();
  // Every handler may listen to it.
  setMaxListeners(0, handBack.signal);
  const ackInbox = connection.newInbox();
  const acks = createAcks(ackInbox, send, onSettled);
  let ackSubscription: Subscription | undefined;
  let isClosing = false;
  let pending = 0;
  let onEmpty: (() => void) | undefined;

  const session = startSession(connection, { ...options, stream, ackWaitMs }, logger, {
    onMessage,
    onAnswers: acks.resend,
    room: () => Math.min(options.wanted(), maxInFlight - inFlight.size),
    inFlight: () => inFlight.size,
    leastRoom: Math.min(leastBatch, Math.ceil(maxInFlight / 4)),
  });
  const watchdog = createWatchdog(stallMs, messagesWait, () => {
    logger.error({ consumer: durable, inFlight: inFlight.size, stallMs }, "consumer has stalled and is restarted");
    options.onStalled?.();
    session.restart("the consumer has stalled");
  });

  function send(subject: string, payload: string | Uint8Array, reply?: string): void {
    connection.current()?.publish(subject, payload, reply === undefined ? {} : { reply });
  }

  async function messagesWait(): Promise<boolean> {
    const current = connection.current();
    return ((current && (await readBacklog(current, options, stream, durable)))?.pending ?? 0) > 0;
  }

  function onSettled(): void {
    if (inFlight.size + acks.size() === 0) onEmpty?.();
  }

  function finish(entry: InFlight): void {
    if (inFlight.get(entry.sequence) !== entry) return;
    inFlight.delete(entry.sequence);
    finished.add(entry);
    watchdog.reset();
    acks.add(entry, entry.reply);
    session.askSoon();
  }

  function giveBack(entry: InFlight, delayMs: number): void {
    if (inFlight.get(entry.sequence) !== entry) return;
    inFlight.delete(entry.sequence);
    watchdog.reset();
    send(entry.reply, delayMs === 0 ? "-NAK" : `-NAK ${JSON.stringify({ delay: nanos(Math.ceil(delayMs)) })}`);
    onSettled();
    session.askSoon();
  }

  function inProgress(entry: InFlight): void {
    entry.touchedMs = performance.now();
    send(entry.reply, "+WPI");
  }

  async function bury(entry: InFlight, reason: string): Promise<void> {
    const { subject, sequence, traceparent } = entry;
    const letter = deadLetter({ ...options, stream }, entry, reason);
    if (!(await storeDeadLetter(letter, publisher, handBack.signal, logger))) return giveBack(entry, 0);
    logger.error({ reason, subject, sequence, traceparent }, "event is a dead letter");
    options.onDeadLetter?.(reason);
    finish(entry);
  }

  function onOutcome(entry: InFlight, outcome: Outcome): void {
    if (outcome.kind === "done") finish(entry);
    else if (outcome.kind === "later") giveBack(entry, outcome.delayMs);
    else void bury(entry, outcome.reason);
  }

  function onFailure(entry: InFlight, error: unknown): void {
    const { subject, sequence, deliveries } = entry;
    logger.error({ err: error, subject, sequence }, "handling an event failed");
    if (deliveries < maxFailures) giveBack(entry, ackWaitMs);
    else void bury(entry, "handling-failed");
  }

  function onMessage(message: Msg, reply: string): void {
    const facts = readDeliverySubject(reply);
    if (facts === undefined) return;
    pending = facts.pending;
    const known = inFlight.get(facts.sequence);
    if (known?.key === facts.key) known.reply = reply;
    else if (finished.has(facts)) acks.add(facts, reply);
    else if (isClosing || inFlight.size >= maxInFlight) send(reply, "-NAK");
    else {
      const entry = new InFlight(message, reply, facts);
      inFlight.set(entry.sequence, entry);
      options.handle(entry, handBack.signal).then(
        (outcome) => onOutcome(entry, outcome),
        (error: unknown) => onFailure(entry, error),
      );
    }
    session.askSoon();
  }

  function onAckAnswer(message: Msg): void {
    const isRefused = isNoResponders(statusOfMessage(message));
    acks.answered(message.subject, isRefused);
    if (!isRefused) connection.reportSuccess();
    else {
      connection.reportFailure();
      session.restart("nobody takes acknowledgements");
    }
  }

  connection.onOpen((opened: NatsConnection) => {
    ackSubscription = connection.subscribe(opened, `${ackInbox}*`, onAckAnswer);
  });
  connection.onChange((up) => {
    if (!up) return;
    acks.resend();
    for (const entry of inFlight.values()) inProgress(entry);
  });

  const ticker = setInterval(() => {
    const nowMs = performance.now();
    for (const entry of inFlight.values()) if (nowMs - entry.touchedMs > ackWaitMs / 3) inProgress(entry);
    const unconfirmedSinceMs = acks.sweep(nowMs);
    if (nowMs - unconfirmedSinceMs > unconfirmedMs) connection.reportFailure(unconfirmedSinceMs);
    session.check(nowMs);
    watchdog.check(nowMs, options.wanted() > 0 && connection.current() !== undefined);
  }, tickMs);

  return {
    state: () => {
      const state = session.state();
      return watchdog.isStalled() ? { up: false, detail: `no event completed for ${stallMs / 1_000} s` } : state;
    },
    inFlight: () => inFlight.size + acks.size(),
    pending: () => pending,
    wake: session.askSoon,
    close: async (hurry) => {
      isClosing = true;
      const noneComing = session.close();
      if (inFlight.size + acks.size() > 0 && !hurry.aborted) {
        await new Promise<void>((resolve) => {
          onEmpty = resolve;
          hurry.addEventListener("abort", () => resolve(), { once: true });
        });
      }
      acks.flush();
      handBack.abort();
      for (const entry of inFlight.values().sort((one, other) => one.sequence - other.sequence)) giveBack(entry, 0);
      clearInterval(ticker);
      // Draining sees to it that what was handed back has reached NATS.
      const flushed = noneComing.then(() => ackSubscription?.drain().catch(() => undefined));
      await atMost(hurry.aborted ? hurriedFlushMs : flushMs, flushed);
    },
  };
}
