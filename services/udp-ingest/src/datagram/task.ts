import type { Anchors } from "./anchors.js";
import { cleanMessage, cleanName, emptyIfAbsent } from "./cleaning.js";
import { type Fields, textOf, valueTextOf } from "./fields.js";
import { idIn, idOf } from "./ids.js";
import { type Names, readNames } from "./names.js";
import type { Timestamp } from "./timestamp.js";

/** What the fields of a task datagram say. Absent values are empty strings. */
export type Task = {
  readonly hostName: string;
  readonly names: Names;
  readonly user: string;
  readonly taskId: string;
  readonly appId: string;
  readonly timestamp: Timestamp | undefined;
  readonly logTimeStamp: string;
  readonly logLevel: string;
  readonly executionId: string;
  readonly logMessage: string;
};

/** The layout of the first appenders: who, what, and nothing to identify it by. */
export function readShortTask(fields: Fields): Task {
  const user = fields.count - 1;
  return {
    hostName: cleanName(textOf(fields, 0)),
    names: readNames(fields, 1, user - 1),
    user: cleanName(textOf(fields, user)),
    taskId: "",
    appId: "",
    timestamp: undefined,
    logTimeStamp: "",
    logLevel: "",
    executionId: "",
    logMessage: "",
  };
}

/** Reads a task from its fields, the first of them the host, once the anchors are found. */
export function readTask(fields: Fields, host: number, anchors: Anchors): Task {
  const { taskId, timestamp, tail } = anchors;
  return {
    hostName: cleanName(textOf(fields, host)),
    names: readNames(fields, host + 1, taskId - 2),
    user: cleanName(textOf(fields, taskId - 1)),
    taskId: idOf(fields, taskId),
    appId: idOf(fields, taskId + 1),
    timestamp,
    logTimeStamp: emptyIfAbsent(valueTextOf(fields, taskId + 2)),
    logLevel: fields.text(tail.levelStart, tail.levelEnd),
    executionId: idIn(fields, tail.executionStart, tail.executionEnd),
    logMessage: cleanMessage(fields.text(tail.messageStart, fields.bytes.length)),
  };
}
