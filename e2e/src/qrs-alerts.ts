import type { ReceivedMessage } from "@sense-alerts/test-kit";

export interface Timing {
  /** The basic message, in milliseconds since 1970. */
  readonly basicAt: number;
  readonly fullAt: number;
  readonly enrichment: string;
}

/** When both messages of each execution came, in whatever order. Throws when one of them came twice. */
export function timingsOf(messages: readonly ReceivedMessage[]): Map<string, Timing> {
  const basics = new Map<string, ReceivedMessage>();
  const fulls = new Map<string, ReceivedMessage>();
  for (const message of messages) {
    const all = { "qliksense/task_failure": basics, "qliksense/task_failure_full": fulls }[message.topic];
    const executionId = (message.userProperties["eventId"] ?? "").slice(-36);
    if (all?.has(executionId)) throw new Error(`a message of ${executionId} came twice on ${message.topic}`);
    all?.set(executionId, message);
  }
  const timings = new Map<string, Timing>();
  for (const [executionId, { receivedAt: fullAt, text }] of fulls) {
    const basicAt = basics.get(executionId)?.receivedAt;
    if (basicAt === undefined) continue;
    timings.set(executionId, { basicAt, fullAt, enrichment: String(JSON.parse(text).enrichment) });
  }
  return timings;
}

/** How many there are of each. */
export function tally(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
