import { findAnchors } from "./anchors.js";
import { cleanName } from "./cleaning.js";
import { type Fields, valueEndOf, valueStartOf, valueTextOf } from "./fields.js";
import { readShortTask, readTask, type Task } from "./task.js";
import { readTimestamp } from "./timestamp.js";
import { isDirectoryUser } from "./user.js";

const hostName = /^[\p{L}\p{N}._:-]{1,253}$/u;

/** A failed task from an appender older than the tags, in one of its three layouts. */
type UntaggedTask = { readonly wireFormat: "L1" | "L2" | "L3"; readonly task: Task };

/** Reads a datagram that has no tag. Undefined if it is in no untagged layout. */
export function readUntagged(fields: Fields): UntaggedTask | undefined {
  const anchors = findAnchors(fields, 0);
  if (anchors !== undefined) {
    return { wireFormat: anchors.tail.isGlued ? "L3" : "L1", task: readTask(fields, 0, anchors) };
  }
  return isShortTask(fields) ? { wireFormat: "L2", task: readShortTask(fields) } : undefined;
}

/**
 * Whether this is host;taskName;appName;user, the layout of the first appenders. Only the user distinguishes it from
 * the four fields of other products, so it must be `DIRECTORY\user`. With more than four fields, because a name holds a
 * `;`, the user must not hold a blank either. A field that is a timestamp belongs to a log line of another product.
 */
function isShortTask(fields: Fields): boolean {
  const { count } = fields;
  if (count < 4 || holdsTimestamp(fields)) return false;
  const host = cleanName(valueTextOf(fields, 0));
  if (host !== "" && !hostName.test(host)) return false;
  if (cleanName(valueTextOf(fields, 1)) === "" && cleanName(valueTextOf(fields, 2)) === "") return false;
  const user = cleanName(valueTextOf(fields, count - 1));
  return isDirectoryUser(user) && (count === 4 || !user.includes(" "));
}

function holdsTimestamp(fields: Fields): boolean {
  for (let field = 0; field < fields.count; field++) {
    const timestamp = readTimestamp(fields.bytes, valueStartOf(fields, field), valueEndOf(fields, field));
    if (timestamp !== undefined) return true;
  }
  return false;
}
