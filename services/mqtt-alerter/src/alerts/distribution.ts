import type { TaskEventType } from "@sense-alerts/event-contract";
import type { ExecutionStatus } from "@sense-alerts/qlik-repository";

/** How long a distribution is followed after its event was received. */
export const mostFollowedMs = 6 * 3_600_000;
const longestPauseMs = 30_000;
const shortestPauseMs = 1_000;

/**
 * What a distribution ended as; undefined = it goes on, or its end is unknown: it is not there yet, was skipped or
 * reset.
 */
export function endedAs(status: ExecutionStatus | undefined): TaskEventType | undefined {
  switch (status) {
    case "FinishedSuccess":
      return "sense.task.succeeded";
    case "FinishedFail":
    case "Error":
      return "sense.task.failed";
    case "Aborted":
      return "sense.task.aborted";
    default:
      return undefined;
  }
}

/** The pause before QRS is asked again: short for one that has just begun, 30 s from the second minute on. */
export function followPauseMs(ageMs: number): number {
  return Math.round(Math.min(longestPauseMs, Math.max(shortestPauseMs, ageMs / 4)));
}
