import type { IngestStatusEvent } from "@sense-alerts/event-contract";

type Status = IngestStatusEvent["data"]["status"];

export type StatusReports = {
  /** Whether this state of the socket is to be reported now. `reason` is the text of an error. */
  isDue(status: Status, reason?: string): boolean;
};

const firstPauseMs = 60_000;
const longestPauseMs = 3_600_000;
const mostReasons = 20;

/**
 * Keeps a socket that cannot be bound from flooding the status topic and the log: it is bound again every few seconds.
 * Each reason is reported at once, and then again after a minute, two minutes and so on up to an hour. `start` is
 * reported if it is the first report or follows a reported error. If the socket breaks again after `start`, the pause
 * is at most a minute; after a minute without an error all pauses are forgotten.
 */
export function createStatusReports(now: () => number = () => performance.now()): StatusReports {
  const reasons = new Map<string, { dueMs: number; pauseMs: number }>();
  let last: Status | undefined;
  let boundMs: number | undefined;

  function isErrorDue(reason: string): boolean {
    const nowMs = now();
    if (boundMs !== undefined && nowMs - boundMs >= firstPauseMs) reasons.clear();
    boundMs = undefined;
    const { dueMs, pauseMs } = reasons.get(reason) ?? { dueMs: nowMs, pauseMs: firstPauseMs };
    if (nowMs < dueMs) return false;
    if (reasons.size >= mostReasons) reasons.clear();
    reasons.set(reason, { dueMs: nowMs + pauseMs, pauseMs: Math.min(pauseMs * 2, longestPauseMs) });
    return true;
  }

  function noteBound(nowMs: number): void {
    boundMs = nowMs;
    for (const entry of reasons.values()) entry.dueMs = Math.min(entry.dueMs, nowMs + firstPauseMs);
  }

  return {
    isDue: (status, reason = "") => {
      if (status === "start") noteBound(now());
      const isDue = status === "error" ? isErrorDue(reason) : status !== last;
      if (isDue) last = status;
      return isDue;
    },
  };
}
