import type { Rejection } from "./rejection.js";
import { similarTag } from "./tag.js";

const ownTag = /^\/+(scheduler|engine)-/i;

/** Why a datagram with this tag was sent here, in words for the log. */
export function likelyCause(reason: Rejection, tag: string): string {
  if (/^\/+qseow-/i.test(tag)) return "a log appender for Butler SOS sends to this port; let it send to Butler SOS";
  if (/^\/+proxy-/i.test(tag)) return "a log appender of the proxy sends to this port; its lines are not about tasks";
  if (reason === "not-a-task-event") {
    return "a log appender of another product sends to this port: four fields, and the last is not DIRECTORY\\user";
  }
  const similar = similarTag(tag);
  if (similar !== undefined) return `a typing error for ${similar} in the conversionpattern of the log appender`;
  if (ownTag.test(tag))
    return "a tag that this version does not read; compare the log appender with LocalLogConfig.xml";
  return "a log appender of another product sends to this port";
}
