import type { Outcome } from "@sense-alerts/bus";
import type { AlertMessage } from "../alerts/alert-messages.js";
import type { TopicTemplate } from "../alerts/topic.js";
import { PublishError } from "../mqtt/publish-error.js";
import { mayAnswerTo, resultMessage, type StartResult } from "./start-result.js";
import type { StoredRequest } from "./stored-request.js";

export type AnswerOptions = {
  readonly startTopic: string;
  readonly resultTopic: string;
  /** What else this service publishes on: no answer goes there. */
  readonly ownTopics: readonly TopicTemplate[];
  /** Resolves at the PUBACK, rejects with a PublishError. */
  readonly publish: (message: AlertMessage) => Promise<void>;
  readonly whenOnline: (signal: AbortSignal) => Promise<void>;
  /** An answer that could not be sent to a topic; `given up` when it will not be tried again. */
  readonly onNotSent: (request: StoredRequest, topic: string, givenUp: boolean, reason: unknown) => void;
};

type Sent = "sent" | "later" | "given-up";

/** Topic name invalid, packet too large, payload format invalid: what the broker will never take. */
const permanent = [0x90, 0x95, 0x99];
const retryMs = 60_000;
/** An answer that the broker refuses for so long after its request is given up. */
const giveUpMs = 3_600_000;
/** A message that was alone under way at that many breaks is what the broker hangs up on. */
const mostBreaks = 3;
/** Topics that have their answer while another topic of the same request still waits for it. */
const mostRemembered = 10_000;

/**
 * Publishes a result to the response topic of its request and to the result topic, each at least once. What the broker refuses on
 * a response topic, which is the sender's choice, is given up at once; on the result topic it is tried again every minute for an hour.
 */
export function createAnswer(
  options: AnswerOptions,
): (request: StoredRequest, result: StartResult, signal: AbortSignal) => Promise<Outcome> {
  const { startTopic, resultTopic, ownTopics, onNotSent } = options;
  const sent = new Set<string>();

  async function send(request: StoredRequest, result: StartResult, topic: string, signal: AbortSignal): Promise<Sent> {
    const giveUp = (error: unknown): Sent => {
      onNotSent(request, topic, true, error);
      return "given-up";
    };
    let breaks = 0;
    while (!signal.aborted) {
      try {
        await options.publish(resultMessage(request, result, topic));
        return "sent";
      } catch (error) {
        if (!(error instanceof PublishError)) throw error;
        const hangsUp = error.alone && ++breaks === mostBreaks;
        if (error.code === "refused" || hangsUp) {
          const old = Date.now() - Date.parse(request.receivedAt) > giveUpMs;
          if (topic !== resultTopic || old || permanent.includes(error.reasonCode ?? 0)) return giveUp(error);
          onNotSent(request, topic, false, error);
          return "later";
        }
        await options.whenOnline(signal).catch(() => undefined);
      }
    }
    return "later";
  }

  function topicsOf(request: StoredRequest): readonly string[] {
    const { responseTopic } = request;
    if (responseTopic === null || responseTopic === resultTopic) return [resultTopic];
    if (mayAnswerTo(responseTopic, startTopic, ownTopics)) return [responseTopic, resultTopic];
    onNotSent(request, responseTopic, true, "no answer may be sent to this topic");
    return [resultTopic];
  }

  return async (request, result, signal) => {
    const keyOf = (topic: string) => `${request.key} ${topic}`;
    const open = topicsOf(request).filter((topic) => !sent.delete(keyOf(topic)));
    const outcomes = await Promise.all(open.map((topic) => send(request, result, topic, signal)));
    if (!outcomes.includes("later")) return { kind: "done" };
    for (const [index, topic] of open.entries()) if (outcomes[index] !== "later") sent.add(keyOf(topic));
    const [oldest] = sent;
    if (sent.size > mostRemembered && oldest !== undefined) sent.delete(oldest);
    return { kind: "later", delayMs: signal.aborted ? 0 : retryMs };
  };
}
