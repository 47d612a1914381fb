import type { Outcome } from "@sense-alerts/bus";
import type { TopicTemplate } from "../alerts/topic.js";
import type { AlertPublisher } from "../mqtt/alert-publisher.js";
import { mayAnswerTo, resultMessage, type StartResult } from "./start-result.js";
import type { StoredRequest } from "./stored-request.js";

export type AnswerOptions = {
  readonly startTopic: string;
  readonly resultTopic: string;
  /** What else this service publishes on: no answer goes there. */
  readonly ownTopics: readonly TopicTemplate[];
  readonly publish: AlertPublisher["publish"];
  /** An answer that could not be sent to a topic; `given up` when it will not be tried again. */
  readonly onNotSent: (request: StoredRequest, topic: string, givenUp: boolean, reason: string) => void;
};

type Sent = "sent" | "later" | "given-up";

const retryMs = 60_000;
/** An answer that the broker refuses for so long after its request is given up. */
const giveUpMs = 3_600_000;
/** Topics that have their answer while another topic of the same request still waits for it. */
const mostRemembered = 10_000;

/**
 * Publishes a result to the response topic of its request and to the result topic, each at least once. What the broker
 * refuses on a response topic, which is the sender's choice, is given up at once; on the result topic it is tried again
 * every minute for an hour.
 */
export function createAnswer(
  options: AnswerOptions,
): (request: StoredRequest, result: StartResult, signal: AbortSignal) => Promise<Outcome> {
  const { startTopic, resultTopic, ownTopics, onNotSent } = options;
  const sent = new Set<string>();

  async function send(request: StoredRequest, result: StartResult, topic: string, signal: AbortSignal): Promise<Sent> {
    const outcome = await options.publish(resultMessage(request, result, topic), signal);
    if (outcome.kind === "published") return "sent";
    if (outcome.kind === "aborted") return "later";
    const old = Date.now() - Date.parse(request.receivedAt) > giveUpMs;
    const givenUp = topic !== resultTopic || old || outcome.retryInMs === undefined;
    onNotSent(request, topic, givenUp, outcome.reason);
    return givenUp ? "given-up" : "later";
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
