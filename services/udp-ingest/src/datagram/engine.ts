import { cleanMessage, cleanName, emptyIfAbsent } from "./cleaning.js";
import { endOf, type Fields, startOf, textOf, valueEndOf, valueStartOf, valueTextOf } from "./fields.js";
import { idOf, isIdOrAbsent } from "./ids.js";
import type { Rejection } from "./rejection.js";
import { readTimestamp, type Timestamp } from "./timestamp.js";

/** What the fields of an engine datagram say. Absent values are empty strings. */
export type EngineFailure = {
  readonly hostName: string;
  readonly appId: string;
  readonly sessionId: string;
  readonly userDirectory: string;
  readonly userId: string;
  readonly timestamp: Timestamp;
  readonly logTimeStamp: string;
  readonly logLevel: string;
  readonly logMessage: string;
};

const fieldsOfLayout = 9;
const [host, app, session, directory, user] = [1, 2, 3, 4, 5];

/**
 * Reads tag;host;appId;sessionId;userDirectory;userId;date;level;message. A `;` in the user id or message shifts
 * nothing.
 */
export function readEngineFailure(fields: Fields): EngineFailure | Rejection {
  if (fields.count < fieldsOfLayout) return "too-short";
  if (!isIdOrAbsent(fields, app)) return "no-guids";
  for (let date = user + 1; date < fields.count; date++) {
    const timestamp = readTimestamp(fields.bytes, valueStartOf(fields, date), valueEndOf(fields, date));
    if (timestamp === undefined) continue;
    return {
      hostName: cleanName(textOf(fields, host)),
      appId: idOf(fields, app),
      sessionId: idOf(fields, session),
      userDirectory: cleanName(textOf(fields, directory)),
      userId: cleanName(fields.text(startOf(fields, user), endOf(fields, date - 1))),
      timestamp,
      logTimeStamp: valueTextOf(fields, date),
      logLevel: emptyIfAbsent(valueTextOf(fields, date + 1)),
      logMessage: cleanMessage(fields.text(startOf(fields, date + 2), fields.bytes.length)),
    };
  }
  return "no-guids";
}
