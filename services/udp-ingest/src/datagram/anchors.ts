import { byteAt, type Fields, isBlankByte, startOf, valueEndOf, valueStartOf } from "./fields.js";
import { guidLength, isAbsent, isGuid, isIdOrAbsent, isNull } from "./ids.js";
import { isLevel, isLevelOfLog4net } from "./level.js";
import { readTimestamp, type Timestamp } from "./timestamp.js";

/** Where the part of a task datagram lies that no free text can imitate: ids, time, level, execution, message. */
export type Anchors = {
  /** The number of the task id's field. User, names and host lie before it, the app id and the time behind it. */
  readonly taskId: number;
  /** Undefined when the field in its place is no timestamp. */
  readonly timestamp: Timestamp | undefined;
  readonly tail: Tail;
};

/** Level, execution and message, as ranges of bytes: the `;` between the first two may be missing. */
type Tail = {
  readonly levelStart: number;
  readonly levelEnd: number;
  readonly executionStart: number;
  readonly executionEnd: number;
  readonly messageStart: number;
  /** Whether level and execution id came without a `;` between them. */
  readonly isGlued: boolean;
  /** Whether the execution id is a GUID or absent, as Sense writes it. */
  readonly isCertain: boolean;
};

type IsExecution = (bytes: Buffer, start: number, end: number) => boolean;

/**
 * Finds, from the left, the first run of task id, app id, timestamp, level and execution id that leaves a host, two
 * names and a user before it. Counting the `;` would not do: names and messages hold them too. A run whose execution id
 * is no GUID counts when there is no better one; one without a proper timestamp after those, and must then have a real
 * task id and a level that log4net knows; one without a level counts last. Undefined when there is none at all.
 */
export function findAnchors(fields: Fields, host: number): Anchors | undefined {
  let uncertain: Anchors | undefined;
  let lenient: Anchors | undefined;
  let levelless: Anchors | undefined;
  for (let taskId = host + 4; taskId + 3 < fields.count; taskId++) {
    if (!isIdOrAbsent(fields, taskId) || !isIdOrAbsent(fields, taskId + 1)) continue;
    const timestamp = readTimestamp(fields.bytes, valueStartOf(fields, taskId + 2), valueEndOf(fields, taskId + 2));
    levelless ??= findLevelless(fields, taskId, timestamp);
    if (timestamp === undefined) {
      lenient ??= findLenient(fields, taskId);
      continue;
    }
    const tail = readTail(fields, taskId + 3, isOneWord);
    if (tail?.isCertain) return { taskId, timestamp, tail };
    if (tail !== undefined) uncertain ??= { taskId, timestamp, tail };
  }
  return uncertain ?? lenient ?? levelless;
}

function findLenient(fields: Fields, taskId: number): Anchors | undefined {
  const { text } = fields;
  if (!isGuidField(fields, taskId)) return undefined;
  const tail = readTail(fields, taskId + 3, () => true);
  if (tail === undefined || !isLevelOfLog4net(text(tail.levelStart, tail.levelEnd))) return undefined;
  return { taskId, timestamp: undefined, tail };
}

/**
 * Without a level the ids must tell: a real task id, an execution id as Sense writes it, and a time or a real app id.
 */
function findLevelless(fields: Fields, taskId: number, timestamp: Timestamp | undefined): Anchors | undefined {
  const { bytes, count } = fields;
  const [level, execution, message] = [taskId + 3, taskId + 4, taskId + 5];
  if (message >= count || !isGuidField(fields, taskId) || !isIdOrAbsent(fields, execution)) return undefined;
  if (!isAbsent(bytes, valueStartOf(fields, level), valueEndOf(fields, level))) return undefined;
  if (timestamp === undefined && !isGuidField(fields, taskId + 1)) return undefined;
  const levelStart = valueStartOf(fields, level);
  const tail = {
    levelStart,
    levelEnd: levelStart,
    executionStart: valueStartOf(fields, execution),
    executionEnd: valueEndOf(fields, execution),
    messageStart: startOf(fields, message),
    isGlued: false,
    isCertain: true,
  };
  return { taskId, timestamp, tail };
}

function isGuidField(fields: Fields, field: number): boolean {
  return isGuid(fields.bytes, valueStartOf(fields, field), valueEndOf(fields, field));
}

/**
 * Reads on from the level. What follows it is an execution id when it is a GUID or absent, or when there is a further
 * field behind it and `isExecution` takes it for one; otherwise it begins the message.
 */
function readTail(fields: Fields, level: number, isExecution: IsExecution): Tail | undefined {
  const { bytes } = fields;
  const levelStart = valueStartOf(fields, level);
  const levelEnd = valueEndOf(fields, level);
  const glued = gluedExecutionStart(bytes, levelStart, levelEnd);
  if (glued !== undefined) {
    const messageStart = startOf(fields, level + 1);
    return {
      levelStart,
      levelEnd: glued,
      executionStart: glued,
      executionEnd: levelEnd,
      messageStart,
      isGlued: true,
      isCertain: true,
    };
  }
  if (!isLevel(bytes, levelStart, levelEnd)) return undefined;

  const execution = level + 1;
  const isThere = execution < fields.count;
  const executionStart = valueStartOf(fields, execution);
  const executionEnd = valueEndOf(fields, execution);
  const isCertain =
    isThere && (isAbsent(bytes, executionStart, executionEnd) || isGuid(bytes, executionStart, executionEnd));
  if (isCertain || (execution + 1 < fields.count && isExecution(bytes, executionStart, executionEnd))) {
    const messageStart = startOf(fields, execution + 1);
    return { levelStart, levelEnd, executionStart, executionEnd, messageStart, isGlued: false, isCertain };
  }
  const messageStart = startOf(fields, execution);
  return {
    levelStart,
    levelEnd,
    executionStart: messageStart,
    executionEnd: messageStart,
    messageStart,
    isGlued: false,
    isCertain,
  };
}

/** Where in `INFOc073f112-4318-4d1f-ae82-14492aa0c35f` or `INFO(null)` the second part starts. */
function gluedExecutionStart(bytes: Buffer, start: number, end: number): number | undefined {
  const guidStart = end - guidLength;
  if (isLevel(bytes, start, guidStart) && isGuid(bytes, guidStart, end)) return guidStart;
  const nullStart = end - "(null)".length;
  if (isLevel(bytes, start, nullStart) && isNull(bytes, nullStart, end)) return nullStart;
  return undefined;
}

/** Whether the range holds no blank and no control character. */
function isOneWord(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    if (isBlankByte(byteAt(bytes, at))) return false;
  }
  return true;
}
