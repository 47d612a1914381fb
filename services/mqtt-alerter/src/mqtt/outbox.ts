import type { AlertMessage } from "../alerts/alert-messages.js";
import { createBlame } from "./blame.js";
import type { ConnectionEnd } from "./connection.js";
import type { MqttTiming } from "./mqtt-options.js";
import { aborted, type PublishResult, published, type Refused, refusedResult, refusedWith } from "./publish-result.js";
import { createTopicStates, type Refusal, type TopicState } from "./topic-states.js";
import { createWindow } from "./window.js";

/** A message from the call until its result. */
export type Pending = {
  readonly message: AlertMessage;
  readonly topic: TopicState<Pending>;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (result: PublishResult) => void;
  /** In the order of the calls. */
  arrival: number;
  /** In the order of sending, within a connection. */
  order: number;
  sentMs: number;
  packetId: number;
  isSettled: boolean;
};

export type OutboxOptions = {
  readonly maxInflight: number;
  readonly pubackTimeoutMs: number;
  readonly refusedAfterMs: number;
  readonly timing: Pick<MqttTiming, "aloneMs" | "firstProbeMs" | "longestProbeMs">;
  /** Whether a lost connection would be made again soon: a message that may cost the connection waits for that. */
  readonly mayReconnectSoon: () => boolean;
  /** Ends the connection; `onLost` of this outbox is called for it. */
  readonly drop: (cause: "no-puback" | "dropped") => void;
  readonly onAnswer: (message: AlertMessage, reasonCode: number, afterMs: number) => void;
  readonly onRefused: (topic: TopicState<Pending>, refusal: Refusal) => void;
  readonly onRecovered: (topic: TopicState<Pending>, refusal: Refusal) => void;
};

/** Writes a message to the present connection; returns its packet identifier, or why it cannot be sent. */
export type Send = (message: AlertMessage, onAnswer: (reasonCode: number) => void) => number | Refused;

export type Outbox = {
  publish(message: AlertMessage, signal?: AbortSignal): Promise<PublishResult>;
  /** A new connection, which takes so many in flight. `first` is sent alone, before all others. */
  opened(limit: number, send: Send, first?: AlertMessage): void;
  onLost(end: ConnectionEnd): void;
  /** To be called several times a second. */
  tick(): void;
  inFlight(): number;
  /** The packet identifiers that have no answer. */
  unanswered(): number[];
  refused(): readonly TopicState<Pending>[];
  /** Settles all that is left. */
  close(): void;
};

/** Later than this after its sending a message is taken for skipped when later ones have their PUBACK. */
const stalledMs = 2_000;
/** What has waited this long does not keep another message from being sent alone. */
const patienceMs = 10_000;
const firstError = 0x80;

/**
 * What waits for the broker, in the order of the calls, and what is in flight, within one window. A message is sent once for each
 * connection. When a connection is lost, what was in flight goes first on the next; a topic that may have cost the connection is
 * then tried alone. So a topic that the broker refuses is found, and the others use the whole window.
 */
export function createOutbox(options: OutboxOptions): Outbox {
  const { pubackTimeoutMs, timing } = options;
  const topics = createTopicStates<Pending>();
  const window = createWindow(options.maxInflight);
  const inFlight = new Set<Pending>();
  const signals = new WeakSet<AbortSignal>();
  const blame = createBlame({ ...options, settle, verdict, giveBack: (topic) => unblock(topic) });
  let waiting: Pending[] = [];
  let send: Send | undefined;
  let connections = 0;
  let arrivals = 0;
  let sent = 0;
  let lastAnswered = 0;
  let lastAnswerMs = 0;
  /** Others wait for it until it has its answer, or for `aloneMs`. */
  let alone: Pending | undefined;
  let aloneFromMs = 0;
  /** Nothing is sent any more: the connection is made again when what can still have its answer has it. */
  let drainingSinceMs: number | undefined;

  function settle(pending: Pending, result: PublishResult): void {
    if (pending.isSettled) return;
    pending.isSettled = true;
    pending.resolve(result);
  }

  function verdict(topic: TopicState<Pending>): Refused {
    return refusedResult(topic, { refusedAfterMs: options.refusedAfterMs, leastMs: timing.firstProbeMs });
  }

  function unblock(topic: TopicState<Pending>): void {
    if (topic.blocked.length === 0) return;
    waiting = [...topic.blocked, ...waiting];
    topic.blocked = [];
  }

  function transmit(pending: Pending): void {
    if (send === undefined) return;
    const { message, topic } = pending;
    pending.sentMs = performance.now();
    pending.order = ++sent;
    inFlight.add(pending);
    topic.inFlight++;
    if (topic.refusal !== undefined) blame.onProbe(topic, topic.refusal);
    const id = send(message, (reasonCode) => onAnswer(pending, reasonCode));
    if (typeof id === "number") pending.packetId = id;
    else {
      leave(pending);
      settle(pending, id);
    }
  }

  function leave(pending: Pending): void {
    inFlight.delete(pending);
    pending.topic.inFlight--;
    if (pending !== alone) return;
    alone = undefined;
    // Others have their turn for as long.
    const nowMs = performance.now();
    aloneFromMs = nowMs + (nowMs - pending.sentMs);
  }

  function onAnswer(pending: Pending, reasonCode: number): void {
    if (!inFlight.has(pending)) return;
    const { topic, message } = pending;
    const nowMs = performance.now();
    leave(pending);
    lastAnswerMs = nowMs;
    if (pending.order > lastAnswered) lastAnswered = pending.order;
    window.acknowledged();
    options.onAnswer(message, reasonCode, nowMs - pending.sentMs);
    if (reasonCode < firstError) {
      topic.provenOn = connections;
      topic.succeededMs = nowMs;
      blame.onSuccess(pending);
      settle(pending, published);
    } else settle(pending, blame.onErrorAnswer(pending, reasonCode) ?? refusedWith(reasonCode));
    if (topic.blocked.length > 0) release(topic);
    if (waiting.length > 0 || blame.suspects.size > 0) pump();
  }

  function mostInFlight(topic: TopicState<Pending>): number {
    const size = window.size();
    // Until the broker has acknowledged one, so that a topic without an answer does not take the whole window.
    return topic.provenOn === connections ? size : Math.max(1, Math.ceil(size / 4));
  }

  function hasRoom(topic: TopicState<Pending>): boolean {
    if (drainingSinceMs !== undefined) return false;
    return inFlight.size < window.size() && topic.inFlight < mostInFlight(topic) && !topic.isStalled;
  }

  /** Sends what was blocked because of its topic. */
  function release(topic: TopicState<Pending>): void {
    while (!topic.isSuspect && hasRoom(topic)) {
      const next = topic.blocked.shift();
      if (next === undefined) return;
      if (!next.isSettled) transmit(next);
    }
  }

  /** True when a message is sent alone now, or is waiting for the others to have their answers. */
  function pumpAlone(): boolean {
    const nowMs = performance.now();
    if (alone !== undefined && nowMs < alone.sentMs + timing.aloneMs) return true;
    if (blame.suspects.size === 0 || nowMs < aloneFromMs || !options.mayReconnectSoon()) return false;
    for (const topic of blame.suspects) {
      topic.blocked = topic.blocked.filter(({ isSettled }) => !isSettled);
      if (topic.blocked.length === 0 || nowMs < topic.notBeforeMs || topic.inFlight > 0) continue;
      for (const { sentMs, topic: other } of inFlight) {
        if (nowMs - sentMs < patienceMs && other.refusal?.reason !== "no-answer") return true;
      }
      const next = topic.blocked.shift();
      if (next === undefined) continue;
      alone = next;
      transmit(next);
      return true;
    }
    return false;
  }

  function pump(): void {
    if (send === undefined || drainingSinceMs !== undefined || pumpAlone()) return;
    while (waiting.length > 0 && inFlight.size < window.size()) {
      const next = waiting.shift() as Pending;
      const { topic } = next;
      if (next.isSettled) continue;
      const known = blame.resultOf(next);
      if (known !== undefined) settle(next, known);
      else if (topic.isSuspect || topic.blocked.length > 0 || !hasRoom(topic)) topic.blocked.push(next);
      else transmit(next);
    }
    if (blame.suspects.size > 0) pumpAlone();
  }

  function abort(signal: AbortSignal): void {
    const all = [...inFlight, ...waiting, ...[...topics.all()].flatMap(({ blocked }) => blocked)];
    for (const pending of all) if (pending.signal === signal) settle(pending, aborted);
    waiting = waiting.filter(({ isSettled }) => !isSettled);
  }

  /** It is the same for all but a few messages. */
  function watch(signal: AbortSignal): void {
    if (signals.has(signal)) return;
    signals.add(signal);
    signal.addEventListener("abort", () => abort(signal), { once: true });
  }

  function add(message: AlertMessage, signal: AbortSignal | undefined, resolve: Pending["resolve"]): Pending {
    const topic = topics.of(message.topic, message.kind);
    return { message, topic, signal, resolve, arrival: ++arrivals, order: 0, sentMs: 0, packetId: 0, isSettled: false };
  }

  return {
    publish: (message, signal) => {
      if (signal?.aborted) return Promise.resolve(aborted);
      if (signal !== undefined) watch(signal);
      return new Promise((resolve) => {
        waiting.push(add(message, signal, resolve));
        pump();
      });
    },
    opened: (limit, newSend, first) => {
      send = newSend;
      connections++;
      sent = 0;
      lastAnswered = 0;
      lastAnswerMs = performance.now();
      window.opened(limit);
      if (first !== undefined) {
        alone = add(first, undefined, () => {});
        transmit(alone);
      }
      pump();
    },
    onLost: (end) => {
      send = undefined;
      const lost = [...inFlight];
      for (const { topic } of lost) topic.inFlight = 0;
      inFlight.clear();
      alone = undefined;
      drainingSinceMs = undefined;
      window.broke(blame.onLost(lost, end));
      // Another message for a suspect topic has its turn before the one that broke the connection twice.
      if (lost.length === 1 && lost[0] && lost[0].topic.strikes > 1) lost[0].arrival = ++arrivals;
      const blocked: Pending[] = [];
      for (const topic of topics.all()) {
        topic.isStalled = false;
        blocked.push(...topic.blocked.splice(0));
      }
      waiting = [...lost, ...blocked, ...waiting].filter(({ isSettled, signal }) => !isSettled && signal !== undefined);
      waiting.sort((one, other) => one.arrival - other.arrival);
    },
    tick: () => {
      if (send === undefined) return;
      const nowMs = performance.now();
      let skipped = 0;
      for (const pending of inFlight) {
        const { topic, order, sentMs } = pending;
        if (nowMs - sentMs < stalledMs) break;
        const isSkipped = order < lastAnswered;
        if (isSkipped) topic.isStalled = topic.refusal === undefined;
        if (isSkipped && nowMs - sentMs >= pubackTimeoutMs) {
          skipped++;
          blame.onNoAnswer(pending);
        }
        if (!isSkipped && nowMs - Math.max(lastAnswerMs, sentMs) >= pubackTimeoutMs) return options.drop("no-puback");
      }
      // They take room until the connection ends: it is made again before that stops the others.
      if (skipped > window.size() / 2) drainingSinceMs ??= nowMs;
      if (drainingSinceMs !== undefined && (inFlight.size === skipped || nowMs - drainingSinceMs > patienceMs)) {
        return options.drop("dropped");
      }
      pump();
    },
    inFlight: () => inFlight.size,
    unanswered: () => [...inFlight].map(({ packetId }) => packetId).filter((id) => id !== 0),
    refused: topics.refused,
    close: () => {
      send = undefined;
      const all = [...inFlight, ...waiting, ...[...topics.all()].flatMap(({ blocked }) => blocked)];
      for (const pending of all) settle(pending, aborted);
    },
  };
}
