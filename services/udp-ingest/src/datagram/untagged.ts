import { findAnchors } from "./anchors.js";
import { cleanName, emptyIfAbsent } from "./cleaning.js";
import { type Fields, textOf, valueEndOf, valueStartOf, valueTextOf } from "./fields.js";
import { isLevelOfLog4net } from "./level.js";
import { readShortTask, readTask, type Task } from "./task.js";
import { readTimestamp } from "./timestamp.js";

/** A failed task from an appender older than the tags, in one of its three layouts. */
type UntaggedTask = { readonly wireFormat: "L1" | "L2" | "L3"; readonly task: Task };

/** What the audit log of the proxy says of sessions and connections, in its own four fields. */
const proxyCommands = [
  "start session",
  "stop session",
  "open connection",
  "close connection",
  "connection opened for session",
  "connection closed for session",
];

/** Reads a datagram that has no tag. Undefined when it is in none of the layouts that had none. */
export function readUntagged(fields: Fields): UntaggedTask | undefined {
  const anchors = findAnchors(fields, 0);
  if (anchors !== undefined) {
    return { wireFormat: anchors.tail.isGlued ? "L3" : "L1", task: readTask(fields, 0, anchors) };
  }
  return looksLikeShortTask(fields) ? { wireFormat: "L2", task: readShortTask(fields) } : undefined;
}

/** Whether this is host;command;userDirectory;userId, which tells of a session and not of a task. */
export function isProxyAudit(fields: Fields): boolean {
  if (fields.count !== 4) return false;
  const command = valueTextOf(fields, 1).toLowerCase();
  return proxyCommands.some((known) => command.startsWith(known));
}

/**
 * Whether this can be host;taskName;appName;userId. The layout has nothing to recognise it by, so what has more fields
 * than these, for the `;` in a name, must end like a user id and hold no timestamp, as any other log line would.
 */
function looksLikeShortTask(fields: Fields): boolean {
  if (fields.count < 4) return false;
  const userId = valueTextOf(fields, fields.count - 1);
  if (!/^[\p{L}\p{N}._:-]{1,253}$/u.test(textOf(fields, 0)) || isLevelOfLog4net(userId)) return false;
  if (emptyIfAbsent(cleanName(textOf(fields, 1))) === "") return false;
  return fields.count === 4 || (/^\S+$/.test(userId) && !holdsTimestamp(fields));
}

function holdsTimestamp(fields: Fields): boolean {
  for (let field = 0; field < fields.count; field++) {
    const timestamp = readTimestamp(fields.bytes, valueStartOf(fields, field), valueEndOf(fields, field));
    if (timestamp !== undefined) return true;
  }
  return false;
}
