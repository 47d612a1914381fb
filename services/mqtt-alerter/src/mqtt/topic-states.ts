import type { AlertMessage } from "../alerts/alert-messages.js";

export type TopicKind = AlertMessage["kind"];

/** What is known about the topic of messages that wait or are in flight, or that the broker refused. */
export type TopicState<Waiting> = {
  readonly name: string;
  readonly kind: TopicKind;
  /** Messages without a result. */
  pending: number;
  inFlight: number;
  /** Messages that may not be sent yet, in their order. */
  blocked: Waiting[];
  /** The broker acknowledged one on the connection of this number. */
  provenOn: number;
  succeededMs: number;
  /** One was skipped: later messages for other topics have their PUBACK. No more are sent until it has its own. */
  isStalled: boolean;
  /** A message for it was in flight when the broker closed the connection: the next is sent alone. */
  isSuspect: boolean;
  /** How many times the broker closed the connection with only a message for this topic in flight. */
  strikes: number;
  /** Nothing is sent before this time. */
  notBeforeMs: number;
  refusal: Refusal | undefined;
};

export type Refusal = {
  readonly reason: "topic-refused" | "no-answer";
  /** What the broker did, in words. */
  readonly detail: string;
  readonly sinceMs: number;
  /** Whether a refused message costs the connection. */
  readonly closes: boolean;
  pauseMs: number;
  /** A message is in flight to find out whether the topic is still refused. */
  isProbing: boolean;
};

const mostKept = 1_000;

export type TopicStates<Waiting> = {
  of(name: string, kind: TopicKind): TopicState<Waiting>;
  all(): Iterable<TopicState<Waiting>>;
  refused(): readonly TopicState<Waiting>[];
  /** The messages of all topics that may not be sent yet. */
  blocked(): Waiting[];
  hasBlocked(): boolean;
  /** Blocks and stalls none any more: the connection is lost. */
  unblock(): void;
};

/** Bounded: the states that say nothing are forgotten first, and then the oldest refusal. */
export function createTopicStates<Waiting>(): TopicStates<Waiting> {
  const states = new Map<string, TopicState<Waiting>>();

  function forget(): void {
    const idle = [...states.values()].filter(({ inFlight, pending }) => inFlight === 0 && pending === 0);
    const quiet = idle.filter(({ refusal, isSuspect }) => refusal === undefined && !isSuspect);
    for (const { name } of quiet.length > 0 ? quiet : idle.slice(0, 1)) states.delete(name);
  }

  return {
    of: (name, kind) => {
      const known = states.get(name);
      if (known !== undefined) return known;
      if (states.size >= mostKept) forget();
      const state: TopicState<Waiting> = {
        name,
        kind,
        pending: 0,
        inFlight: 0,
        blocked: [],
        provenOn: 0,
        succeededMs: 0,
        isStalled: false,
        isSuspect: false,
        strikes: 0,
        notBeforeMs: 0,
        refusal: undefined,
      };
      states.set(name, state);
      return state;
    },
    all: () => states.values(),
    refused: () => [...states.values()].filter(({ refusal }) => refusal !== undefined),
    blocked: () => [...states.values()].flatMap(({ blocked }) => blocked),
    hasBlocked: () => {
      for (const { blocked } of states.values()) if (blocked.length > 0) return true;
      return false;
    },
    unblock: () => {
      for (const topic of states.values()) {
        topic.blocked = [];
        topic.isStalled = false;
      }
    },
  };
}
