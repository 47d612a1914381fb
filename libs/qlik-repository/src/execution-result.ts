import type { ExecutionResult } from "./answers.js";
import { executionStatusOf } from "./enums.js";
import { zeroGuid } from "./guid.js";
import type { Execution } from "./repository.js";

/** How far the clocks of QRS and of this machine may be apart. */
const clockSkewMs = 30_000;

export function executionOf(result: ExecutionResult): Execution {
  const fileReferenceId = result.fileReferenceID ?? zeroGuid;
  return {
    id: result.id,
    executingNodeName: result.executingNodeName ?? "",
    status: executionStatusOf(result.status),
    startTime: timeOf(result.startTime),
    stopTime: timeOf(result.stopTime),
    durationMs: result.duration ?? 0,
    details: result.details
      .map(({ message, detailCreatedDate }) => ({ message: message ?? "", date: detailCreatedDate }))
      .sort((a, b) => (Date.parse(a.date) || 0) - (Date.parse(b.date) || 0)),
    fileReferenceId: fileReferenceId === zeroGuid ? undefined : fileReferenceId,
    scriptLogAvailable: result.scriptLogAvailable ?? false,
  };
}

/** A session that was retried has several results: the one that began last, or is about to. */
export function newestOf(executions: readonly Execution[]): Execution | undefined {
  const beganMs = ({ startTime, details }: Execution) => Date.parse(startTime ?? details.at(-1)?.date ?? "") || 0;
  return executions.reduce<Execution | undefined>(
    (newest, one) => (newest === undefined || beganMs(one) > beganMs(newest) ? one : newest),
    undefined,
  );
}

/**
 * Whether a task's last result can be of the run that an event tells of: it began before the event came, and has not
 * ended, or not long before. A former run ended before this one began, so it fits only when both are no longer than the
 * clocks may differ.
 */
export function fitsEvent({ startTime, stopTime }: Execution, receivedAtMs: number): boolean {
  if (startTime === undefined || Date.parse(startTime) > receivedAtMs + clockSkewMs) return false;
  return stopTime === undefined || Date.parse(stopTime) >= receivedAtMs - clockSkewMs;
}

/** ISO 8601 in UTC; the year 1753 is QRS's "not set". */
function timeOf(text: string | null | undefined): string | undefined {
  const ms = Date.parse(text ?? "");
  if (Number.isNaN(ms)) return undefined;
  const date = new Date(ms);
  return date.getUTCFullYear() <= 1753 ? undefined : date.toISOString();
}
