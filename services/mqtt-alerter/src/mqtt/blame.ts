import type { ConnectionEnd } from "./connection.js";
import { type Pending, settle } from "./pending.js";
import type { Refused } from "./publish-result.js";
import type { Refusal, TopicState } from "./topic-states.js";

export type BlameOptions = {
  readonly refusedAfterMs: number;
  readonly timing: { readonly firstProbeMs: number; readonly longestProbeMs: number };
  readonly onRefused: (topic: TopicState<Pending>, refusal: Refusal) => void;
  readonly onRecovered: (topic: TopicState<Pending>, refusal: Refusal) => void;
  /** The result of a message for a refused topic that is not sent now. */
  readonly verdict: (topic: TopicState<Pending>) => Refused;
  /** Lets the messages that were blocked because of the topic wait with the others again. */
  readonly giveBack: (topic: TopicState<Pending>) => void;
};

/** Finds out which topic or message the broker does not take, and remembers it. */
export type Blame = {
  /** Topics whose next message is sent alone. */
  readonly suspects: ReadonlySet<TopicState<Pending>>;
  /**
   * A message for the topic is about to be sent: alone if other topics are suspects and the broker has not accepted
   * this one yet.
   */
  onTurn(topic: TopicState<Pending>): void;
  /** The result of a message that is not sent now because of its topic; undefined = send it. */
  resultOf(pending: Pending): Refused | undefined;
  onProbe(topic: TopicState<Pending>, refusal: Refusal): void;
  onSuccess(pending: Pending): void;
  /**
   * The result of a message for a topic that is refused by the reason code; undefined if that says nothing about the
   * topic.
   */
  onErrorAnswer(pending: Pending, reasonCode: number): Refused | undefined;
  /** Later messages for other topics were acknowledged and this one was not, within its time. */
  onNoAnswer(pending: Pending): void;
  /** Returns how many messages the loss may be due to. */
  onLost(lost: readonly Pending[], end: ConnectionEnd): number;
};

const notAuthorized = 0x87;
const mostStrikes = 3;
/** The pause after the first strike; the next is four times as long. */
const strikePauseMs = 250;
const mostRemembered = 1_000;
/** The broker stops, another client took over, an administrator acted: no message is the cause. */
const innocentCodes: readonly unknown[] = [0x8b, 0x8d, 0x8e, 0x98, 0x9c, 0x9d, 0xa0];

export function createBlame(options: BlameOptions): Blame {
  const { timing, verdict } = options;
  const suspects = new Set<TopicState<Pending>>();
  /**
   * Messages that were alone in flight when the broker closed the connection, by event and topic, and how many times.
   */
  const breakers = new Map<string, { strikes: number; readonly sinceMs: number }>();

  function refuse(topic: TopicState<Pending>, reason: Refusal["reason"], detail: string, closes: boolean): void {
    const nowMs = performance.now();
    const known = topic.refusal;
    const pauseMs = known === undefined ? timing.firstProbeMs : Math.min(timing.longestProbeMs, known.pauseMs * 2);
    topic.notBeforeMs = nowMs + pauseMs;
    topic.refusal = { reason, detail, sinceMs: known?.sinceMs ?? nowMs, closes, pauseMs, isProbing: false };
    setSuspect(topic, closes);
    if (known === undefined) options.onRefused(topic, topic.refusal);
    for (const pending of topic.blocked.splice(0)) settle(pending, verdict(topic));
  }

  function setSuspect(topic: TopicState<Pending>, isSuspect: boolean): void {
    topic.isSuspect = isSuspect;
    suspects.delete(topic);
    if (isSuspect) suspects.add(topic);
    const [oldest] = suspects;
    if (suspects.size > mostRemembered && oldest !== undefined) suspects.delete(oldest);
  }

  /** The broker closed the connection with only this message in flight. */
  function strike(pending: Pending, end: ConnectionEnd): void {
    const { topic } = pending;
    const nowMs = performance.now();
    const key = keyOf(pending);
    const breaker = breakers.get(key) ?? { strikes: 0, sinceMs: nowMs };
    breaker.strikes++;
    breakers.delete(key);
    breakers.set(key, breaker);
    const [oldest] = breakers.keys();
    if (breakers.size > mostRemembered && oldest !== undefined) breakers.delete(oldest);
    topic.strikes++;
    const enough = pending.signal === undefined ? 1 : mostStrikes;
    if (topic.refusal !== undefined || topic.strikes >= enough) {
      refuse(topic, end.cause === "no-puback" ? "no-answer" : "topic-refused", detailOf(end), true);
      settle(pending, verdict(topic));
      return;
    }
    topic.notBeforeMs = nowMs + strikePauseMs * 4 ** (topic.strikes - 1);
    setSuspect(topic, true);
  }

  return {
    suspects,
    onTurn: (topic) => {
      if (suspects.size > 0 && topic.succeededMs === 0 && topic.refusal === undefined) setSuspect(topic, true);
    },
    resultOf: (pending) => {
      const { topic } = pending;
      if (breakers.size > 0) {
        const breaker = breakers.get(keyOf(pending));
        // The broker takes others for the topic, so it is this message that it closes the connection for.
        if (breaker !== undefined && breaker.strikes >= mostStrikes && topic.succeededMs > breaker.sinceMs) {
          breakers.delete(keyOf(pending));
          return { kind: "refused", reason: "message-refused", retryInMs: undefined };
        }
      }
      if (topic.refusal === undefined) return undefined;
      if (topic.refusal.isProbing || performance.now() < topic.notBeforeMs || topic.blocked.length > 0) {
        return verdict(topic);
      }
      return undefined;
    },
    onProbe: (topic, refusal) => {
      refusal.isProbing = refusal.reason !== "no-answer";
      if (refusal.isProbing) return;
      // It may never have an answer: the next is sent after a longer pause.
      refusal.pauseMs = Math.min(timing.longestProbeMs, refusal.pauseMs * 2);
      topic.notBeforeMs = performance.now() + refusal.pauseMs;
    },
    onSuccess: (pending) => {
      const { topic } = pending;
      if (breakers.size > 0) breakers.delete(keyOf(pending));
      if (topic.refusal === undefined && !topic.isSuspect && !topic.isStalled && topic.strikes === 0) return;
      const { refusal } = topic;
      topic.refusal = undefined;
      topic.strikes = 0;
      topic.isStalled = false;
      setSuspect(topic, false);
      options.giveBack(topic);
      if (refusal !== undefined) options.onRecovered(topic, refusal);
    },
    onErrorAnswer: (pending, reasonCode) => {
      const { topic } = pending;
      topic.isStalled = false;
      if (reasonCode === notAuthorized) {
        refuse(topic, "topic-refused", "it answers that this user is not authorized (0x87)", false);
        return verdict(topic);
      }
      if (topic.refusal !== undefined) topic.refusal.isProbing = false;
      if (topic.isSuspect && topic.refusal === undefined) {
        setSuspect(topic, false);
        topic.strikes = 0;
        options.giveBack(topic);
      }
      return undefined;
    },
    onNoAnswer: (pending) => {
      const { topic } = pending;
      if (topic.refusal === undefined) {
        refuse(topic, "no-answer", "it acknowledges later messages and never these", false);
      }
      const result = verdict(topic);
      // Until then a late PUBACK counts.
      if (result.retryInMs === undefined) settle(pending, result);
    },
    onLost: (lost, end) => {
      for (const pending of lost) {
        const { refusal } = pending.topic;
        if (refusal === undefined) continue;
        refusal.isProbing = false;
        if (refusal.reason === "no-answer") settle(pending, verdict(pending.topic));
      }
      const { cause, code } = end;
      const isInnocent = cause === "disconnect" && innocentCodes.includes(code);
      if (isInnocent || cause === "no-pingresp" || cause === "dropped") return 0;
      const culprits = lost.filter(({ topic: { refusal } }) => refusal?.reason !== "no-answer" || refusal.closes);
      const [first] = culprits;
      if (culprits.length === 1 && first !== undefined) strike(first, end);
      else for (const { topic } of culprits) setSuspect(topic, true);
      return culprits.length;
    },
  };
}

function keyOf({ message }: Pending): string {
  return `${String(message.userProperties["eventId"])} ${message.topic}`;
}

function detailOf({ cause, code }: ConnectionEnd): string {
  if (cause === "no-puback") return "it acknowledges nothing when such a message is in flight";
  const withCode = cause === "disconnect" ? ` with reason code 0x${Number(code).toString(16)}` : "";
  return `it closes the connection${withCode} when such a message is in flight`;
}
