import { NumberMap } from "@sense-alerts/link-kit";
import type { DeliveryFacts } from "./delivery-subject.js";

/** Acknowledgements that NATS has not confirmed yet. */
export type Acks = {
  /** Sends an acknowledgement on the reply subject of a delivery within 10 ms, and again until NATS confirms it. */
  add(message: Message, reply: string): void;
  /** Sends at once what waits for that. */
  flush(): void;
  /** NATS has answered on `<inbox><key>`: `isRefused` when nobody listens there at the moment. */
  answered(subject: string, isRefused: boolean): void;
  /**
   * Sends again what has waited for too long, and forgets what NATS does not confirm at all. Returns since when some
   * wait and NATS has confirmed none (performance.now); `nowMs` if none waits.
   */
  sweep(nowMs: number): number;
  /**
   * Sends all of them again at once, and those that were confirmed last: the connection is new, or the consumer may
   * have a new leader. What a server of a cluster has confirmed can be lost with it: nats-server 2.9 confirms before
   * the others have it.
   */
  resend(): void;
  /** How many have never been confirmed. */
  size(): number;
};

type Message = Pick<DeliveryFacts, "sequence" | "key">;
type Ack = Message & { readonly reply: string; sentMs: number; readonly sinceMs: number };

const ack = Buffer.from("+ACK");
/** How long an acknowledgement waits for others: see `add`. */
const batchMs = 10;
const batchSize = 64;
/** Not a divisor of a second: whatever loses acknowledgements every second must not lose each of these. */
const resendAfterMs = 400;
const refusedRetryMs = 250;
/** Acknowledgements that are no older than this are sent again after an interruption although they were confirmed. */
const confirmedMs = 15_000;
/** At least this many of them are kept, and at most twice as many. */
const confirmedLimit = 2_048;
/** How long they are sent again: NATS does not answer for a message that it has lost. */
const doubtMs = 5_000;
/**
 * After this time an acknowledgement is forgotten. NATS may know nothing of the delivery any more: the state of a
 * consumer can be older after a crash than what was acknowledged. It then delivers the message again, and that delivery
 * is acknowledged.
 */
const forgetAfterMs = 30_000;
/** As many as NATS leaves unacknowledged; beyond that they are sent and not confirmed. */
const limit = 10_000;

/**
 * Each acknowledgement asks NATS for a confirmation of its own, on one inbox, because it can get lost when the
 * consumer's leader moves, and the message would then be delivered to another replica. `ackAck()` of nats.js confirms
 * too, but can be called only once. They do not count as in flight: a server that confirms none of them must not stop
 * the consumer.
 */
export function createAcks(
  inbox: string,
  send: (subject: string, payload: Uint8Array, reply: string) => void,
  onChange: () => void,
): Acks {
  /** By the sequence of the message. */
  const unconfirmed = new NumberMap<Ack>();
  /** Confirmed before an interruption and sent again since, by the sequence of the message. */
  const doubted = new NumberMap<Ack>();
  let confirmed: Ack[] = [];
  let batch: Ack[] = [];
  let timer: NodeJS.Timeout | undefined;
  let [lastConfirmedMs, doubtedMs] = [0, 0];

  function transmit(entry: Ack): void {
    entry.sentMs = performance.now();
    send(entry.reply, ack, inbox + entry.key);
  }

  /**
   * Acknowledgements that go out together reach NATS in one packet, and so do their confirmations. At 1,000 events a
   * second each by itself would wake NATS and this process twice more: measured as 130 µs of 630 µs of CPU time for an
   * event.
   */
  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const entries = batch;
    batch = [];
    for (const entry of entries) transmit(entry);
  }

  function forget({ sequence }: Ack): void {
    unconfirmed.delete(sequence);
    onChange();
  }

  function keep(entry: Ack): void {
    if (confirmed.push(entry) === 2 * confirmedLimit) confirmed = confirmed.slice(-confirmedLimit);
  }

  function confirm(entry: Ack): void {
    lastConfirmedMs = performance.now();
    keep(entry);
    doubted.delete(entry.sequence);
    forget(entry);
  }

  function doubtConfirmed(): void {
    doubtedMs = performance.now();
    for (const entry of confirmed) if (doubtedMs - entry.sinceMs < confirmedMs) doubted.set(entry.sequence, entry);
    confirmed = [];
  }

  function endDoubt(): void {
    for (const entry of doubted.values()) keep(entry);
    doubted.clear();
  }

  return {
    add: ({ sequence, key }, reply) => {
      const nowMs = performance.now();
      const entry = { sequence, key, reply, sentMs: nowMs, sinceMs: nowMs };
      if (unconfirmed.size < limit) unconfirmed.set(sequence, entry);
      if (batch.push(entry) >= batchSize) flush();
      else timer ??= setTimeout(flush, batchMs);
    },
    flush,
    answered: (subject, isRefused) => {
      const key = subject.slice(inbox.length);
      const sequence = Number.parseInt(key, 10);
      const entry = unconfirmed.get(sequence) ?? doubted.get(sequence);
      if (entry?.key !== key) return;
      if (isRefused) entry.sentMs = performance.now() - resendAfterMs + refusedRetryMs;
      else confirm(entry);
    },
    sweep: (nowMs) => {
      let firstMs = nowMs;
      for (const entry of unconfirmed.values()) {
        if (nowMs - entry.sinceMs > forgetAfterMs) forget(entry);
        else if (nowMs - entry.sentMs > resendAfterMs) transmit(entry);
        firstMs = Math.min(firstMs, entry.sinceMs);
      }
      for (const entry of doubted.values()) if (nowMs - entry.sentMs > resendAfterMs) transmit(entry);
      if (nowMs - doubtedMs > doubtMs) endDoubt();
      return Math.max(firstMs, lastConfirmedMs);
    },
    resend: () => {
      doubtConfirmed();
      for (const entry of [...unconfirmed.values(), ...doubted.values()]) transmit(entry);
    },
    size: () => unconfirmed.size,
  };
}
