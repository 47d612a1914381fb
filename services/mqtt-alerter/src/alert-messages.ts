import type { IngestStatusEvent, SenseEvent, TaskEvent, TaskEventType } from "@sense-alerts/event-contract";
import { fullMessage } from "./full-message.js";
import { isMqttString } from "./mqtt-string.js";
import { renderTopic, type TopicTemplate } from "./topic.js";

/** One MQTT message that comes of an event, or of a request. */
export type AlertMessage = {
  readonly kind: "basic" | "full" | "status" | "result";
  readonly topic: string;
  /** UTF-8. */
  readonly payload: string;
  readonly contentType: string;
  /** Several values under one name are sent in their order. */
  readonly userProperties: Readonly<Record<string, string | readonly string[]>>;
  readonly correlationData?: Uint8Array;
  /** Where they are not those of the settings. */
  readonly qos?: 1;
  readonly retain?: false;
};

/** Where the messages of one kind of task event go; undefined = not sent. */
export type TaskTopics = { readonly basic: TopicTemplate | undefined; readonly full: TopicTemplate | undefined };

export type AlertTopics = {
  readonly tasks: Readonly<Record<TaskEventType, TaskTopics>>;
  readonly serverStatus: TopicTemplate | undefined;
};

export type Composed =
  | { readonly ok: true; readonly messages: readonly AlertMessage[] }
  | { readonly ok: false; readonly reason: "topic-too-long" | "user-property-invalid" };

/** The messages of an event in the order they are to go out, basic before full. None when its topics are off. */
export function composeMessages(event: SenseEvent, topics: AlertTopics): Composed {
  const composed = composeAll(event, topics);
  const properties = composed.ok
    ? composed.messages.flatMap((message) => Object.values(message.userProperties).flat())
    : [];
  return properties.every(isMqttString) ? composed : { ok: false, reason: "user-property-invalid" };
}

function composeAll(event: SenseEvent, topics: AlertTopics): Composed {
  switch (event.type) {
    case "sense.ingest.status":
      return statusMessage(event, topics.serverStatus);
    case "sense.engine.reload-failed":
      return { ok: true, messages: [] };
    default:
      return taskMessages(event, topics.tasks[event.type]);
  }
}

function statusMessage(event: IngestStatusEvent, template: TopicTemplate | undefined): Composed {
  if (template === undefined) return { ok: true, messages: [] };
  const userProperties = { eventId: event.id, eventType: event.type };
  const text = { contentType: "text/plain; charset=utf-8", userProperties };
  return { ok: true, messages: [{ kind: "status", topic: template.text, payload: event.data.status, ...text }] };
}

function taskMessages(event: TaskEvent, topics: TaskTopics): Composed {
  const userProperties: Record<string, string> = {
    eventId: event.id,
    eventType: event.type,
    taskId: event.data.taskId,
  };
  if (event.traceparent !== undefined) userProperties["traceparent"] = event.traceparent;
  const { hostName, taskName, taskId, appName, appId, executionId } = event.data;
  const values = { hostName, taskName, taskId, appName, appId, executionId };
  const messages: AlertMessage[] = [];
  if (topics.basic !== undefined) {
    const topic = renderTopic(topics.basic, values);
    if (topic === undefined) return { ok: false, reason: "topic-too-long" };
    const contentType = "text/plain; charset=utf-8";
    messages.push({ kind: "basic", topic, payload: event.data.taskName, contentType, userProperties });
  }
  if (topics.full !== undefined) {
    const topic = renderTopic(topics.full, values);
    if (topic === undefined) return { ok: false, reason: "topic-too-long" };
    const payload = JSON.stringify(fullMessage(event));
    messages.push({ kind: "full", topic, payload, contentType: "application/json", userProperties });
  }
  return { ok: true, messages };
}
