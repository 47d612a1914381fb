import type { RepositoryError } from "@sense-alerts/qlik-repository";
import type { AlertMessage } from "../alerts/alert-messages.js";
import { isMqttString } from "../alerts/mqtt-string.js";
import { mayRenderAs, type TopicTemplate } from "../alerts/topic.js";
import { largestPropertiesBytes, longestPayloadBytes, type RequestProblem } from "./start-request.js";
import type { StoredRequest } from "./stored-request.js";

export type RefusalCode =
  | RequestProblem
  | "nothing-allowed"
  | "not-allowed"
  | "no-such-task"
  | "too-many-waiting"
  | "not-stored";
export type FailureCode = "too-late" | "unknown" | "qrs-refused" | "qrs-failed";

/** What a sender gets as an answer: the contract's five fields and nothing else. */
export type StartResult = {
  readonly requestId: string;
  readonly taskId: string | null;
  readonly status: "started" | "refused" | "failed";
  /** Of the run that was started. */
  readonly sessionId: string | null;
  /** A word for programs, a colon, and a sentence; null when it was started and all of it is known. */
  readonly reason: string | null;
};

const refusals: Readonly<Record<RefusalCode, string>> = {
  "too-long": `the payload has more than ${longestPayloadBytes} bytes`,
  "properties-too-large": `response topic, correlation data and user properties have more than ${largestPropertiesBytes} bytes together`,
  "not-utf8": "the payload is not UTF-8 text",
  empty: "the payload is empty",
  "not-a-guid": "the task id is not a GUID",
  "bad-json": "the payload begins with { and is no JSON object",
  "bad-request-id": "requestId must be a text of 1 to 128 characters, none of them a control character",
  "nothing-allowed": "no task may be started: none of the settings TASK_START_ALLOWED_… is set",
  "not-allowed": "this task is not among those that may be started",
  "no-such-task": "there is no such task",
  "too-many-waiting": "too many requests wait for the Qlik Repository Service or for NATS",
  "not-stored":
    "this alerter could not store the request in NATS in time; where there are several, another may have taken it",
};

export function started({ requestId, taskId }: StoredRequest, sessionId: string): StartResult {
  return { requestId, taskId, status: "started", sessionId, reason: null };
}

/** By an alerter that was killed before it heard of the session. */
export function foundStarted({ requestId, taskId }: StoredRequest): StartResult {
  const reason = "found: the alerter that started the task broke off, and a run of the task has begun since";
  return { requestId, taskId, status: "started", sessionId: null, reason };
}

export function refused({ requestId, taskId }: StoredRequest, code: RefusalCode): StartResult {
  return { requestId, taskId, status: "refused", sessionId: null, reason: `${code}: ${refusals[code]}` };
}

export function failed({ requestId, taskId }: StoredRequest, code: FailureCode, sentence: string): StartResult {
  return { requestId, taskId, status: "failed", sessionId: null, reason: `${code}: ${sentence}` };
}

/** What a failed call of QRS means for the request. */
export function failureOf(request: StoredRequest, error: RepositoryError): StartResult {
  if (error.code === "not-found") return refused(request, "no-such-task");
  if (error.code === "refused" || error.status === 429) return failed(request, "qrs-refused", error.message);
  if (!error.sent || error.code === "not-authorised" || error.code === "tls") {
    return failed(request, "qrs-failed", error.message);
  }
  return failed(request, "unknown", `whether the task was started is unknown, look at the task: ${error.message}`);
}

/**
 * Whether the answer may go to the response topic of a request: not back to us, not among our alerts, not to the
 * broker's own.
 */
export function mayAnswerTo(topic: string, startTopic: string, ownTopics: readonly TopicTemplate[]): boolean {
  const legal = topic !== "" && isMqttString(topic) && !/[+#]/.test(topic) && !topic.startsWith("$");
  return legal && topic !== startTopic && !ownTopics.some((own) => mayRenderAs(own, topic));
}

/** The answer as a message to one topic, with what the sender sent along for it. */
export function resultMessage(request: StoredRequest, result: StartResult, topic: string): AlertMessage {
  const { correlationData } = request;
  return {
    kind: "result",
    topic,
    payload: JSON.stringify(result),
    contentType: "application/json",
    userProperties: propertiesOf(request),
    ...(correlationData === null ? {} : { correlationData: Buffer.from(correlationData, "base64") }),
    qos: 1,
    retain: false,
  };
}

/** Names that came several times have several values. What MQTT could not carry is left out. */
function propertiesOf({ userProperties }: StoredRequest): Record<string, string | readonly string[]> {
  const values = new Map<string, string[]>();
  for (const [name, value] of userProperties) {
    if (!isMqttString(name) || !isMqttString(value)) continue;
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  return Object.fromEntries(Array.from(values, ([name, all]) => [name, all.length === 1 ? (all[0] ?? "") : all]));
}
