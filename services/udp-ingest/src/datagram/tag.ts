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

/** The tags letter by letter as appenders send them, so that one look-up is enough for nearly every datagram. */
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

/**
 * What a log line may say of a first field: its leading letters, digits and `/ - _ .`, at most 64 characters, followed
 * by `…` if there is more. Anything else may be payload. Empty if the field does not begin with such a character.
 */
export function tagForLog(firstField: string): string {
  const bare = firstField.replace(/\p{Cc}+/gu, "").trim();
  const [start = ""] = /^[\p{L}\p{N}/_.-]{0,64}/u.exec(bare) ?? [];
  return start.length < bare.length && start !== "" ? `${start}…` : start;
}

/** The known tag that differs from this one in one or two characters; undefined if there is none. */
export function similarTag(tag: string): string | undefined {
  const name = tag.toLowerCase().replaceAll("/", "");
  const similar = [...tags.keys()].find((known) => isSimilar(name, known));
  return similar === undefined ? undefined : `/${similar}/`;
}

/** Whether the texts differ only within a stretch of at most two characters. */
function isSimilar(one: string, other: string): boolean {
  let start = 0;
  while (start < one.length && one[start] === other[start]) start++;
  let end = 0;
  while (end < Math.min(one.length, other.length) - start && one.at(-1 - end) === other.at(-1 - end)) end++;
  return Math.max(one.length, other.length) - start - end <= 2;
}
