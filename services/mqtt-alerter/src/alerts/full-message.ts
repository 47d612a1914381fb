import type { TaskEvent } from "@sense-alerts/event-contract";
import type { Complete, Enrichment } from "./enrichment.js";
import { namesOf } from "./names.js";

/**
 * The complete message. The first ten keys are Butler's, same names, same order, same strings (its backslashes in `user`
 * collapsed), and so are its qs_ fields behind them; a consumer of Butler's message does not notice the change. Ours come after.
 */
export function fullMessage(event: TaskEvent, enrichment: Enrichment = { kind: "off" }): Record<string, unknown> {
  const { data } = event;
  const known = enrichment.kind === "complete" ? enrichment : undefined;
  const { taskName, appName, ambiguous } = namesOf(data, known?.task, known?.app);
  return {
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
    ...(known === undefined ? {} : butlerFields(known)),
    eventId: event.id,
    eventType: event.type,
    schemaVersion: 1,
    receivedAt: event.time,
    logTimeStampUtc: data.logTimeStampUtc,
    userDirectory: data.userDirectory,
    userId: data.userId,
    sourceAddress: data.sourceAddress,
    ...(ambiguous ? { ambiguousNames: true } : {}),
    ...(data.ambiguousNames === undefined ? {} : { rawNames: data.rawNames }),
    ...(data.truncated === undefined ? {} : { truncated: data.truncated }),
    enrichment: enrichment.kind,
    ...(known === undefined ? {} : executionFields(known)),
  };
}

/** Each is there, empty where there is no app or no task: who reads Butler's message may walk through them unasked. */
function butlerFields({ task, app }: Complete): Record<string, unknown> {
  return {
    qs_appTags: app?.tags ?? [],
    qs_appCustomProperties: app?.customProperties ?? [],
    qs_taskTags: task?.tags ?? [],
    qs_taskCustomProperties: task?.customProperties ?? [],
    qs_appMetadata: app?.metadata ?? {},
    qs_taskMetadata: task?.metadata ?? {},
  };
}

function executionFields({ task, execution, scriptLogTail }: Complete): Record<string, unknown> {
  return {
    taskType: task?.type ?? null,
    executingNodeName: execution?.executingNodeName ?? null,
    executionStatus: execution?.status ?? null,
    executionDurationMs: execution?.durationMs ?? null,
    executionDetails: execution?.details ?? [],
    ...(scriptLogTail === undefined ? {} : { scriptLogTail }),
  };
}
