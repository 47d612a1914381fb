import type { ReceivedMessage } from "@sense-alerts/test-kit";

export interface Timing {
  /** The basic message, in milliseconds since 1970. */
  readonly basicAt: number;
  readonly fullAt: number;
  readonly enrichment: string;
}

/** When the messages of each execution came. Throws when one of them came twice, or a full message before its basic one. */
export function timingsOf(messages: readonly ReceivedMessage[]): Map<string, Timing> {
  const basics = new Map<string, number>();
  const timings = new Map<string, Timing>();
  for (const { topic, text, receivedAt, userProperties } of messages) {
    const executionId = (userProperties["eventId"] ?? "").slice(-36);
    if (topic === "qliksense/task_failure") {
      if (basics.has(executionId)) throw new Error(`the basic message of ${executionId} came twice`);
      basics.set(executionId, receivedAt);
    } else if (topic === "qliksense/task_failure_full") {
      const basicAt = basics.get(executionId);
      if (basicAt === undefined) throw new Error(`the full message of ${executionId} came before the basic one`);
      if (timings.has(executionId)) throw new Error(`the full message of ${executionId} came twice`);
      timings.set(executionId, { basicAt, fullAt: receivedAt, enrichment: String(JSON.parse(text).enrichment) });
    }
  }
  return timings;
}

/** How many there are of each. */
export function tally(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
