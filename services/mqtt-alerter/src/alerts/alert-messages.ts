import type { IngestStatusEvent, SenseEvent, TaskEvent, TaskEventType } from "@sense-alerts/event-contract";
import type { Enrichment } from "./enrichment.js";
import { fullMessage } from "./full-message.js";
import { isMqttString } from "./mqtt-string.js";
import { type Named, namesOf } from "./names.js";
import { renderTopic, type TopicTemplate } from "./topic.js";

/** One MQTT message that comes of an event, or of a request. */
export type AlertMessage = {
  readonly kind: "basic" | "full" | "status" | "result";
  readonly topic: string;
  /** The topic as the settings have it, placeholders and all. */
  readonly template?: string;
  /** UTF-8. */
  readonly payload: string;
  readonly contentType: string;
  /** Several values under one name are sent in their order. */
  readonly userProperties: Readonly<Record<string, string | readonly string[]>>;
  readonly correlationData?: Uint8Array;
  /** Where they are not those of the settings. */
  readonly qos?: 1;
  readonly retain?: false;
  /** The same message with less in it, for a broker that takes no packet of this size; absent = there is nothing to leave out. */
  readonly smaller?: () => AlertMessage;
};

/** Where the messages of one kind of task event go; undefined = not sent. */
export type TaskTopics = { readonly basic: TopicTemplate | undefined; readonly full: TopicTemplate | undefined };

export type AlertTopics = {
  readonly tasks: Readonly<Record<TaskEventType, TaskTopics>>;
  readonly serverStatus: TopicTemplate | undefined;
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

export type Composed =
  | { readonly ok: true; readonly messages: readonly AlertMessage[] }
  | { readonly ok: false; readonly reason: "topic-too-long" | "user-property-invalid" };

export type ComposedOne =
  | { readonly ok: true; readonly message: AlertMessage | undefined }
  | Extract<Composed, { readonly ok: false }>;

/** The basic message of an event, or the status message; undefined when its topic is off. */
export function composeBasic(event: SenseEvent, topics: AlertTopics, known: Known = {}): ComposedOne {
  return oneOf(composeMessages(event, topics, known), false);
}

/** The full message of an event; undefined when its topic is off. */
export function composeFull(event: SenseEvent, topics: AlertTopics, known: Known = {}): ComposedOne {
  return oneOf(composeMessages(event, topics, known), true);
}

function oneOf(composed: Composed, isFull: boolean): ComposedOne {
  if (!composed.ok) return composed;
  return { ok: true, message: composed.messages.find(({ kind }) => (kind === "full") === isFull) };
}

/** The messages of an event in the order they are to go out, basic before full. None when its topics are off. */
export function composeMessages(event: SenseEvent, topics: AlertTopics, known: Known = {}): Composed {
  const composed = composeAll(event, topics, known);
  if (!composed.ok) return composed;
  const userProperties = new Set(composed.messages.map((message) => message.userProperties));
  for (const properties of userProperties) {
    if (!Object.values(properties).flat().every(isMqttString)) return { ok: false, reason: "user-property-invalid" };
  }
  return composed;
}

function composeAll(event: SenseEvent, topics: AlertTopics, known: Known): Composed {
  switch (event.type) {
    case "sense.ingest.status":
      return statusMessage(event, topics.serverStatus);
    case "sense.engine.reload-failed":
      return { ok: true, messages: [] };
    default:
      return taskMessages(event, topics.tasks[known.ended ?? event.type], known);
  }
}

function statusMessage(event: IngestStatusEvent, template: TopicTemplate | undefined): Composed {
  if (template === undefined) return { ok: true, messages: [] };
  const userProperties = { eventId: event.id, eventType: event.type };
  const text = { contentType: "text/plain; charset=utf-8", userProperties };
  return { ok: true, messages: [{ kind: "status", topic: template.text, payload: event.data.status, ...text }] };
}

function taskMessages(event: TaskEvent, topics: TaskTopics, { task, enrichment }: Known): Composed {
  const userProperties: Record<string, string> = {
    eventId: event.id,
    eventType: event.type,
    taskId: event.data.taskId,
  };
  if (event.traceparent !== undefined) userProperties["traceparent"] = event.traceparent;
  const { hostName, taskId, appId, executionId } = event.data;
  const messages: AlertMessage[] = [];
  if (topics.basic !== undefined) {
    const { taskName, appName } = namesOf(event.data, task);
    const topic = renderTopic(topics.basic, { hostName, taskName, taskId, appName, appId, executionId });
    if (topic === undefined) return { ok: false, reason: "topic-too-long" };
    const contentType = "text/plain; charset=utf-8";
    const template = topics.basic.text;
    messages.push({ kind: "basic", topic, template, payload: taskName, contentType, userProperties });
  }
  if (topics.full !== undefined) {
    const told = enrichment?.kind === "complete" ? enrichment : undefined;
    const { taskName, appName } = namesOf(event.data, told?.task, told?.app);
    const topic = renderTopic(topics.full, { hostName, taskName, taskId, appName, appId, executionId });
    if (topic === undefined) return { ok: false, reason: "topic-too-long" };
    const payload = JSON.stringify(fullMessage(event, enrichment));
    const template = topics.full.text;
    messages.push({ kind: "full", topic, template, payload, contentType: "application/json", userProperties });
  }
  return { ok: true, messages };
}
