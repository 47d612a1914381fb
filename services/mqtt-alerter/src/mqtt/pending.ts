import type { AlertMessage } from "../alerts/alert-messages.js";
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
