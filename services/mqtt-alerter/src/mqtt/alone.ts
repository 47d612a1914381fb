import type { Pending } from "./pending.js";
import type { TopicState } from "./topic-states.js";

/** One message at a time that is sent with no other in flight, to find out whether the broker accepts its topic. */
export type Alone = {
  /** Whether the others wait for its answer. */
  isWaitedFor(nowMs: number): boolean;
  /**
   * Begins the next message to be sent alone, and returns it; "wait" while others have no answer; undefined if there is
   * none now. Only topics that the broker accepted before are tried when `mayBreak` is false: with any other the
   * connection may be lost.
   */
  next(
    suspects: Iterable<TopicState<Pending>>,
    inFlight: Iterable<Pending>,
    mayBreak: boolean,
  ): Pending | "wait" | undefined;
  begin(pending: Pending): void;
  /** The message has its answer, if it is this one. */
  end(pending: Pending, nowMs: number): void;
  reset(): void;
};

/** What has waited this long does not keep another message from being sent alone. */
export const patienceMs = 10_000;

export function createAlone(aloneMs: number): Alone {
  let current: Pending | undefined;
  let fromMs = 0;
  return {
    isWaitedFor: (nowMs) => current !== undefined && nowMs < current.sentMs + aloneMs,
    next: (suspects, inFlight, mayBreak) => {
      const nowMs = performance.now();
      if (nowMs < fromMs) return undefined;
      let best: TopicState<Pending> | undefined;
      for (const topic of suspects) {
        topic.blocked = topic.blocked.filter(({ isSettled }) => !isSettled);
        if (topic.blocked.length === 0 || nowMs < topic.notBeforeMs || topic.inFlight > 0) continue;
        if (riskOf(topic) > 0 && !mayBreak) continue;
        if (best === undefined || riskOf(topic) < riskOf(best)) best = topic;
      }
      if (best === undefined) return undefined;
      for (const { sentMs, topic } of inFlight) {
        if (nowMs - sentMs < patienceMs && topic.refusal?.reason !== "no-answer") return "wait";
      }
      current = best.blocked.shift();
      return current;
    },
    begin: (pending) => {
      current = pending;
    },
    end: (pending, nowMs) => {
      if (pending !== current) return;
      current = undefined;
      // Others have their turn for as long.
      fromMs = nowMs + (nowMs - pending.sentMs);
    },
    reset: () => {
      current = undefined;
    },
  };
}

/** 0 for a topic that the broker accepted before and that never cost the connection alone. */
function riskOf({ strikes, succeededMs }: TopicState<Pending>): number {
  return succeededMs > 0 ? strikes : strikes + 1;
}
