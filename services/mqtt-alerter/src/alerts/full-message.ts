import type { TaskEvent } from "@sense-alerts/event-contract";
import type { Answers, Enrichment } from "./enrichment.js";
import { namesOf } from "./names.js";

export type FullMessage = Readonly<Record<string, unknown>>;

const nothing = {};

/** What a message that is too large for the broker goes without, one step after the other. */
const reductions = [["scriptLogTail"], ["qs_appMetadata", "qs_taskMetadata"]] as const;

/**
 * The full message. The first ten keys are Butler's, same names, same order, same strings (backslashes in `user`
 * collapsed as Butler does it), and so are its qs_ fields behind them; a consumer of Butler's message does not notice
 * the change. Ours come after. The keys in `leftOut` are not there; `truncated` lists them. What is undefined is left
 * out of the JSON.
 */
export function fullMessage(
  event: TaskEvent,
  enrichment: Enrichment = { kind: "off" },
  leftOut: readonly string[] = [],
): FullMessage {
  const { data } = event;
  const { taskName, appName, ambiguous } = namesOf(data, enrichment.task, enrichment.app);
  const truncated = [...(data.truncated ?? []), ...leftOut];
  const isOff = enrichment.kind === "off";
  const message = {
    hostName: data.hostName,
    user: data.user.replaceAll("\\\\", "\\"),
    taskName,
    taskId: data.taskId,
    appName,
    appId: data.appId,
    logTimeStamp: data.logTimeStamp,
    logLevel: data.logLevel,
    executionId: data.executionId,
    logMessage: data.logMessage,
    ...(isOff ? nothing : butlerFields(enrichment)),
    eventId: event.id,
    eventType: event.type,
    schemaVersion: 1,
    receivedAt: event.time,
    logTimeStampUtc: data.logTimeStampUtc,
    userDirectory: data.userDirectory,
    userId: data.userId,
    sourceAddress: data.sourceAddress,
    ambiguousNames: ambiguous ? true : undefined,
    rawNames: data.ambiguousNames && data.rawNames,
    truncated: truncated.length === 0 ? undefined : truncated,
    enrichment: enrichment.kind,
    ...(isOff ? nothing : runFields(enrichment)),
  };
  if (leftOut.length === 0) return message;
  return Object.fromEntries(Object.entries(message).filter(([key]) => !leftOut.includes(key)));
}

/** The keys that a message can go without next; none when there is nothing left to leave out. */
export function nextToLeaveOut(message: FullMessage): readonly string[] {
  const isFilled = (key: string) => Object.keys(message[key] ?? {}).length > 0;
  return reductions.map((keys) => keys.filter(isFilled)).find((keys) => keys.length > 0) ?? [];
}

/**
 * A field without a value is empty: Butler's consumers read the fields of an app or a task without asking whether there
 * is one.
 */
function butlerFields({ task, app }: Answers): FullMessage {
  return {
    ...(app === undefined ? {} : { qs_appTags: app?.tags ?? [], qs_appCustomProperties: app?.customProperties ?? [] }),
    ...(task === undefined
      ? {}
      : { qs_taskTags: task?.tags ?? [], qs_taskCustomProperties: task?.customProperties ?? [] }),
    ...(app === undefined ? {} : { qs_appMetadata: app?.metadata ?? {} }),
    ...(task === undefined ? {} : { qs_taskMetadata: task?.metadata ?? {} }),
  };
}

function runFields({ task, execution, scriptLogTail }: Answers): FullMessage {
  return {
    ...(task === undefined ? {} : { taskType: task?.type ?? null }),
    ...(execution === undefined
      ? {}
      : {
          executingNodeName: execution?.executingNodeName ?? null,
          executionStatus: execution?.status ?? null,
          executionDurationMs: execution?.durationMs ?? null,
          executionDetails: execution?.details ?? [],
        }),
    ...(scriptLogTail === undefined ? {} : { scriptLogTail }),
  };
}
