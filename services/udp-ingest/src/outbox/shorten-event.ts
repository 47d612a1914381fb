import { type EngineEvent, encodeEvent, type TaskEvent } from "@sense-alerts/event-contract";

/**
 * The event with its log message cut at the end and `truncated` set, so that its JSON takes at most `maxBytes`; with
 * half of the message's bytes if the limit is not known. Undefined if that cannot be, because the rest is larger or
 * there is no message left to cut. No character is cut in two.
 */
export function shortenEvent(
  event: TaskEvent | EngineEvent,
  maxBytes: number | undefined,
): TaskEvent | EngineEvent | undefined {
  const { logMessage } = event.data;
  if (logMessage === "") return undefined;
  const room =
    maxBytes === undefined
      ? Math.floor(jsonBytes(logMessage) / 2)
      : maxBytes - encodeEvent(withMessage(event, "")).length;
  if (room < 0) return undefined;
  const shorter = withMessage(event, startOf(logMessage, room));
  return shorter.data.logMessage.length < logMessage.length ? shorter : undefined;
}

function withMessage<E extends TaskEvent | EngineEvent>(event: E, logMessage: string): E {
  return { ...event, data: { ...event.data, logMessage, truncated: ["logMessage"] } };
}

/** As much of the text from its start as takes at most so many bytes within a JSON string. */
function startOf(text: string, maxBytes: number): string {
  let fits = 0;
  let tooLong = text.length + 1;
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1;
    if (jsonBytes(wholeCharacters(text, middle)) <= maxBytes) fits = middle;
    else tooLong = middle;
  }
  return wholeCharacters(text, fits);
}

/** The first `length` code units of the text, without the first half of a surrogate pair at the end. */
function wholeCharacters(text: string, length: number): string {
  const start = text.slice(0, length);
  return /[\ud800-\udbff]$/.test(start) ? start.slice(0, -1) : start;
}

/** The bytes of the text within a JSON string, its quotes not counted. */
function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2;
}
