import type { IngestStatusEvent, SenseEvent, TaskEvent, TaskEventType } from "@sense-alerts/event-contract";
import type { Enrichment } from "./enrichment.js";
import { fullMessage, nextToLeaveOut } from "./full-message.js";
import { isMqttString } from "./mqtt-string.js";
import { type Named, type Names, namesOf } from "./names.js";
import { renderTopic, type TopicTemplate } from "./topic.js";

/** One MQTT message that comes of an event, or of a request. */
export type AlertMessage = {
  readonly kind: "basic" | "full" | "status" | "result";
  readonly topic: string;
  /** The topic as in the settings, with its placeholders. */
  readonly template?: string;
  /** UTF-8. */
  readonly payload: string;
  readonly contentType: string;
  /** Several values under one name are sent in their order. */
  readonly userProperties: Readonly<Record<string, string | readonly string[]>>;
  readonly correlationData?: Uint8Array;
  /** Where they differ from the settings. */
  readonly qos?: 1;
  readonly retain?: false;
  /**
   * The same message with less in it, for a broker that takes no packet of this size; absent = there is nothing to
   * leave out.
   */
  readonly smaller?: () => AlertMessage;
};

/** Where the messages of one kind of task event go; undefined = not sent. */
export type TaskTopics = { readonly basic: TopicTemplate | undefined; readonly full: TopicTemplate | undefined };

export type AlertTopics = {
  readonly tasks: Readonly<Record<TaskEventType, TaskTopics>>;
  readonly serverStatus: TopicTemplate | undefined;
  /** Takes the place of each blank in a placeholder's value. */
  readonly spaceReplacement?: string | undefined;
};

/** What is known beyond the event. */
export type Known = {
  /** How a distribution ended: its alert goes to the topics of that. */
  readonly ended?: TaskEventType | undefined;
  /** The task as QRS has it, for the name in the basic message. */
  readonly task?: Named | undefined;
  /** For the full message; `off` if left out. */
  readonly enrichment?: Enrichment;
};

type Unsendable = { readonly ok: false; readonly reason: "topic-too-long" | "user-property-invalid" };
export type Composed = { readonly ok: true; readonly messages: readonly AlertMessage[] } | Unsendable;
export type ComposedOne = { readonly ok: true; readonly message: AlertMessage | undefined } | Unsendable;

const nothing: ComposedOne = { ok: true, message: undefined };

/** The messages of an event in the order they are to go out, basic before full. None when its topics are off. */
export function composeMessages(event: SenseEvent, topics: AlertTopics, known: Known = {}): Composed {
  const basic = composeBasic(event, topics, known);
  if (!basic.ok) return basic;
  const full = composeFull(event, topics, known);
  if (!full.ok) return full;
  return { ok: true, messages: [basic.message ?? [], full.message ?? []].flat() };
}

/** The basic message of an event, or the status message; undefined when its topic is off. */
export function composeBasic(event: SenseEvent, topics: AlertTopics, known: Known = {}): ComposedOne {
  if (event.type === "sense.ingest.status") return statusMessage(event, topics.serverStatus);
  if (event.type === "sense.engine.reload-failed") return nothing;
  const template = topics.tasks[known.ended ?? event.type].basic;
  if (template === undefined) return nothing;
  const names = namesOf(event.data, known.task);
  const content = { kind: "basic", payload: names.taskName, contentType: "text/plain" } as const;
  // A retained message without a payload would delete the one before it (MQTT 5, 3.3.1.3).
  const retain = names.taskName === "" ? { retain: false as const } : {};
  return taskMessage(event, topics, { template, names }, { ...content, ...retain });
}

/** The full message of an event; undefined when its topic is off. */
export function composeFull(event: SenseEvent, topics: AlertTopics, known: Known = {}): ComposedOne {
  if (event.type === "sense.ingest.status" || event.type === "sense.engine.reload-failed") return nothing;
  const template = topics.tasks[known.ended ?? event.type].full;
  if (template === undefined) return nothing;
  const { enrichment } = known;
  const names = namesOf(event.data, enrichment?.task, enrichment?.app);
  const content = { kind: "full", payload: "", contentType: "application/json" } as const;
  const composed = taskMessage(event, topics, { template, names }, content);
  if (!composed.ok || composed.message === undefined) return composed;
  return { ok: true, message: withContent(composed.message, event, enrichment, []) };
}

/** The message with its JSON, and with the way to a smaller one. */
function withContent(
  message: AlertMessage,
  event: TaskEvent,
  enrichment: Enrichment | undefined,
  leftOut: readonly string[],
): AlertMessage {
  const content = fullMessage(event, enrichment, leftOut);
  const filled = { ...message, payload: JSON.stringify(content) };
  const next = nextToLeaveOut(content);
  if (next.length === 0) return filled;
  return { ...filled, smaller: () => withContent(message, event, enrichment, [...leftOut, ...next]) };
}

function statusMessage(event: IngestStatusEvent, template: TopicTemplate | undefined): ComposedOne {
  if (template === undefined) return nothing;
  const { status: payload } = event.data;
  const userProperties = { eventId: event.id, eventType: event.type };
  return checked({ kind: "status", topic: template.text, payload, contentType: "text/plain", userProperties });
}

function taskMessage(
  event: TaskEvent,
  topics: AlertTopics,
  { template, names }: { readonly template: TopicTemplate; readonly names: Names },
  content: Pick<AlertMessage, "kind" | "payload" | "contentType" | "retain">,
): ComposedOne {
  const { id: eventId, type: eventType, traceparent } = event;
  const { hostName, taskId, appId, executionId, userId, userDirectory } = event.data;
  const { taskName, appName } = names;
  const values = { hostName, taskName, taskId, appName, appId, executionId, eventType, userId, userDirectory };
  const topic = renderTopic(template, values, topics.spaceReplacement);
  if (topic === undefined) return { ok: false, reason: "topic-too-long" };
  const userProperties = { eventId, eventType, taskId, ...(traceparent === undefined ? {} : { traceparent }) };
  return checked({ ...content, topic, template: template.text, userProperties });
}

function checked(message: AlertMessage): ComposedOne {
  for (const value of Object.values(message.userProperties)) {
    const isSendable = typeof value === "string" ? isMqttString(value) : value.every(isMqttString);
    if (!isSendable) return { ok: false, reason: "user-property-invalid" };
  }
  return { ok: true, message };
}
