import type { AlertMessage } from "../alerts/alert-messages.js";
import type { ConnectionEnd } from "./connection.js";
import type { MqttTiming } from "./mqtt-options.js";
import type { PublishResult, Refused } from "./publish-result.js";
import type { Refusal, TopicState } from "./topic-states.js";

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
  /** How many messages keep the window full; without a limit while messages are blocked because of their topic. */
  capacity(): number;
  /** The packet identifiers that have no answer. */
  unanswered(): number[];
  refused(): readonly TopicState<Pending>[];
  /** Settles all that is left. */
  close(): void;
};

type PendingFacts = Pick<Pending, "message" | "topic" | "signal" | "resolve" | "arrival">;

export function newPending({ message, topic, signal, resolve, arrival }: PendingFacts): Pending {
  topic.pending++;
  return { message, topic, signal, resolve, arrival, order: 0, sentMs: 0, packetId: 0, isSettled: false };
}

export function settle(pending: Pending, result: PublishResult): void {
  if (pending.isSettled) return;
  pending.isSettled = true;
  pending.topic.pending--;
  pending.resolve(result);
}
