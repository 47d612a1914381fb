import type { TaskEventType } from "@sense-alerts/event-contract";

/** What the first field says that a datagram is. */
type Tag =
  | { readonly kind: "task"; readonly type: TaskEventType; readonly wireFormat: string }
  | { readonly kind: "engine" }
  | { readonly kind: "not-a-task-event" }
  | { readonly kind: "unknown-tag" }
  | { readonly kind: "untagged" };

const tags = new Map<string, Tag>([
  ["scheduler-task-failed", { kind: "task", type: "sense.task.failed", wireFormat: "S1" }],
  ["scheduler-task-aborted", { kind: "task", type: "sense.task.aborted", wireFormat: "S2" }],
  ["scheduler-task-success", { kind: "task", type: "sense.task.succeeded", wireFormat: "S4" }],
  ["scheduler-distribute", { kind: "task", type: "sense.task.distributed", wireFormat: "S5" }],
  ["scheduler-reload-failed", { kind: "task", type: "sense.task.failed", wireFormat: "S6" }],
  ["scheduler-reload-aborted", { kind: "task", type: "sense.task.aborted", wireFormat: "S7" }],
  ["scheduler-reloadtask-success", { kind: "task", type: "sense.task.succeeded", wireFormat: "S8" }],
  ["scheduler-reloadtask-failed", { kind: "task", type: "sense.task.failed", wireFormat: "S9" }],
  ["engine-reload-failed", { kind: "engine" }],
]);

/** The success tag as one widely used appender file spells it, with a slash too many at its end. */
const successWithDoubledSlash: Tag = { kind: "task", type: "sense.task.succeeded", wireFormat: "S3" };

const notATaskEvent: Tag = { kind: "not-a-task-event" };
const unknownTag: Tag = { kind: "unknown-tag" };
const untagged: Tag = { kind: "untagged" };

/** The tags letter by letter as appenders send them, so that nearly every datagram is told by one look-up. */
const tagsAsSent = new Map<string, Tag>([...tags].map(([name, tag]) => [`/${name}/`, tag]));
tagsAsSent.set("/scheduler-task-success//", successWithDoubledSlash);

/**
 * Reads the first field. Case, blanks around it, control characters, a byte order mark and repeated slashes do not
 * matter, nor do missing ones around one of our own tags. Any other text is a tag only if it starts with a slash.
 */
export function readTag(firstField: string): Tag {
  const asSent = tagsAsSent.get(firstField);
  if (asSent !== undefined) return asSent;
  const bare = firstField.replace(/\p{Cc}+/gu, "").trim();
  const name = bare
    .replace(/\/+/g, "/")
    .replace(/^\/|\/$/g, "")
    .toLowerCase();
  if (name === "scheduler-task-success" && bare.endsWith("//")) return successWithDoubledSlash;
  const tag = tags.get(name);
  if (tag !== undefined) return tag;
  if (!bare.startsWith("/")) return untagged;
  return isOfAnotherService(name) ? notATaskEvent : unknownTag;
}

/** Sessions and connections of the proxy, and the whole log that Butler SOS takes. */
function isOfAnotherService(name: string): boolean {
  return name === "proxy-session" || name === "proxy-connection" || name.startsWith("qseow-");
}
