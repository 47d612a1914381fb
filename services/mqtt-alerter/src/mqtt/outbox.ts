import { NumberMap } from "@sense-alerts/link-kit";
import type { AlertMessage } from "../alerts/alert-messages.js";
import { createAbortWatch } from "./abort-watch.js";
import { createAlone, patienceMs } from "./alone.js";
import { createBlame } from "./blame.js";
import { oncePerTurn } from "./once-per-turn.js";
import { newPending, type Outbox, type OutboxOptions, type Pending, type Send, settle } from "./pending.js";
import { aborted, published, type Refused, refusedResult, refusedWith } from "./publish-result.js";
import { findSilence } from "./silence.js";
import { createTopicStates, type TopicState } from "./topic-states.js";
import { createWindow } from "./window.js";

const firstError = 0x80;
const leastCapacity = 64;

/**
 * Messages that wait for the broker, in the order of the calls, and messages in flight, within one window. Each is
 * sent once per connection. After a lost connection those in flight go first; a topic that may have caused the loss is
 * then tried with nothing else in flight. So a refused topic is found, and the others use the whole window.
 */
export function createOutbox(options: OutboxOptions): Outbox {
  const topics = createTopicStates<Pending>();
  const window = createWindow(options.maxInflight);
  /** By `order`. */
  const inFlight = new NumberMap<Pending>();
  const blame = createBlame({ ...options, verdict, giveBack });
  const watch = createAbortWatch((signal) => settleAll(({ signal: own }) => own === signal));
  // MQTT.js handles each PUBACK in a tick of its own: what they make room for is sent together.
  const pumpSoon = oncePerTurn(pump);
  let waiting: Pending[] = [];
  let send: Send | undefined;
  const alone = createAlone(options.timing.aloneMs);
  let [connections, arrivals, sent] = [0, 0, 0];
  let answers = { lastOrder: 0, lastMs: 0 };
  /** Nothing is sent any more: the connection is made again when what can still have its answer has it. */
  let drainingSinceMs: number | undefined;

  function verdict(topic: TopicState<Pending>): Refused {
    return refusedResult(topic, { refusedAfterMs: options.refusedAfterMs, leastMs: options.timing.firstProbeMs });
  }

  function giveBack(topic: TopicState<Pending>): void {
    waiting = [...topic.blocked.splice(0), ...waiting];
  }

  function transmit(pending: Pending): void {
    if (send === undefined) return;
    const { message, topic } = pending;
    pending.sentMs = performance.now();
    pending.order = ++sent;
    inFlight.set(pending.order, pending);
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
    inFlight.delete(pending.order);
    pending.topic.inFlight--;
    alone.end(pending, performance.now());
  }

  function onAnswer(pending: Pending, reasonCode: number): void {
    if (inFlight.get(pending.order) !== pending) return;
    const { topic, message, order, sentMs } = pending;
    const nowMs = performance.now();
    leave(pending);
    answers = { lastMs: nowMs, lastOrder: Math.max(answers.lastOrder, order) };
    window.acknowledged();
    options.onAnswer(message, reasonCode, nowMs - sentMs);
    if (reasonCode < firstError) {
      topic.provenOn = connections;
      topic.succeededMs = nowMs;
      blame.onSuccess(pending);
      settle(pending, published);
    } else settle(pending, blame.onErrorAnswer(pending, reasonCode) ?? refusedWith(reasonCode));
    release(topic);
    if (waiting.length === 0 && blame.suspects.size === 0) return;
    // Half a window at a time: the broker has something to do while the other half is handled here.
    (inFlight.size <= window.size() / 2 ? pump : pumpSoon)();
  }

  function hasRoom({ inFlight: count, provenOn, isStalled }: TopicState<Pending>): boolean {
    const size = window.size();
    if (drainingSinceMs !== undefined || isStalled || inFlight.size >= size) return false;
    // A quarter until the broker has acknowledged one: a topic without an answer must not take the whole window.
    return count < (provenOn === connections ? size : Math.ceil(size / 4));
  }

  /** Sends what was blocked because of its topic. */
  function release(topic: TopicState<Pending>): void {
    while (topic.blocked.length > 0 && !topic.isSuspect && hasRoom(topic)) {
      const next = topic.blocked.shift();
      if (next?.isSettled === false) transmit(next);
    }
  }

  /** True when a message is sent alone now, or is waiting for the others to have their answers. */
  function pumpAlone(): boolean {
    if (alone.isWaitedFor(performance.now())) return true;
    if (blame.suspects.size === 0) return false;
    const next = alone.next(blame.suspects, inFlight.values(), options.mayReconnectSoon());
    if (typeof next === "object") transmit(next);
    return next !== undefined;
  }

  function pump(): void {
    if (send === undefined || drainingSinceMs !== undefined || pumpAlone()) return;
    while (waiting.length > 0 && inFlight.size < window.size()) {
      const next = waiting.shift() as Pending;
      const { topic } = next;
      if (next.isSettled) continue;
      blame.onTurn(topic);
      const known = blame.resultOf(next);
      if (known !== undefined) settle(next, known);
      else if (topic.isSuspect || topic.blocked.length > 0 || !hasRoom(topic)) topic.blocked.push(next);
      else transmit(next);
    }
    if (blame.suspects.size > 0) pumpAlone();
  }

  function sentInOrder(): Pending[] {
    return inFlight.values().sort((one, other) => one.order - other.order);
  }

  function settleAll(isMeant: (pending: Pending) => boolean): void {
    for (const pending of [...inFlight.values(), ...waiting, ...topics.blocked()]) {
      if (isMeant(pending)) settle(pending, aborted);
    }
  }

  function add(message: AlertMessage, signal?: AbortSignal, resolve: Pending["resolve"] = () => {}): Pending {
    return newPending({ message, topic: topics.of(message.topic, message.kind), signal, resolve, arrival: ++arrivals });
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
      answers = { lastOrder: 0, lastMs: performance.now() };
      window.opened(limit);
      if (first !== undefined) {
        const pending = add(first);
        alone.begin(pending);
        transmit(pending);
      }
      pump();
    },
    onLost: (end) => {
      send = undefined;
      const lost = sentInOrder();
      for (const { topic } of lost) topic.inFlight = 0;
      inFlight.clear();
      alone.reset();
      drainingSinceMs = undefined;
      window.broke(blame.onLost(lost, end));
      // Another message for a suspect topic has its turn before the one that broke the connection twice.
      if (lost.length === 1 && lost[0] && lost[0].topic.strikes > 1) lost[0].arrival = ++arrivals;
      waiting = [...lost, ...topics.blocked(), ...waiting]
        .filter(({ isSettled, signal }) => !isSettled && signal !== undefined)
        .sort((one, other) => one.arrival - other.arrival);
      topics.unblock();
    },
    tick: () => {
      if (send === undefined) return;
      const nowMs = performance.now();
      const skipped = findSilence(sentInOrder(), answers, options.pubackTimeoutMs, blame.onNoAnswer);
      if (skipped === "hung") return options.drop("no-puback");
      // They take room until the connection ends: it is made again before that stops the others.
      if (skipped > window.size() / 2) drainingSinceMs ??= nowMs;
      if (drainingSinceMs !== undefined && (inFlight.size === skipped || nowMs - drainingSinceMs > patienceMs)) {
        return options.drop("dropped");
      }
      for (const topic of topics.all()) release(topic);
      pump();
    },
    inFlight: () => inFlight.size,
    capacity: () => (topics.hasBlocked() ? Number.POSITIVE_INFINITY : Math.max(leastCapacity, 2 * window.size())),
    unanswered: () => inFlight.values().flatMap(({ packetId }) => (packetId === 0 ? [] : packetId)),
    refused: topics.refused,
    close: () => {
      send = undefined;
      settleAll(() => true);
    },
  };
}
