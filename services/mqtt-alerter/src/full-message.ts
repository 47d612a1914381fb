import type { TaskEvent } from "@sense-alerts/event-contract";

/**
 * The complete message. The first ten keys are Butler's, same names, same order, same strings (its backslashes in `user`
 * collapsed); a consumer of Butler's message does not notice the change. Ours come after them.
 */
export function fullMessage(event: TaskEvent): Record<string, unknown> {
  const { data } = event;
  return {
    hostName: data.hostName,
    user: data.user.replaceAll("\\\\", "\\"),
    taskName: data.taskName,
    taskId: data.taskId,
    appName: data.appName,
    appId: data.appId,
    logTimeStamp: data.logTimeStamp,
    logLevel: data.logLevel,
    executionId: data.executionId,
    logMessage: data.logMessage,
    eventId: event.id,
    eventType: event.type,
    schemaVersion: 1,
    receivedAt: event.time,
    logTimeStampUtc: data.logTimeStampUtc,
    userDirectory: data.userDirectory,
    userId: data.userId,
    sourceAddress: data.sourceAddress,
    ...(data.ambiguousNames === undefined ? {} : { ambiguousNames: true, rawNames: data.rawNames }),
    enrichment: "off",
  };
}
