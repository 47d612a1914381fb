import type { Pending } from "./pending.js";

/** Later than this after its sending a message is taken for skipped when later ones have their PUBACK. */
const stalledMs = 2_000;

export type Answers = {
  /** The `order` of the latest message that has its PUBACK. */
  readonly lastOrder: number;
  readonly lastMs: number;
};

/**
 * Looks for messages that wait too long for their PUBACK. Returns how many the broker has skipped for longer than that,
 * or "hung" when it has acknowledged nothing at all in that time. A late PUBACK on a slow link is neither: those before
 * it are late too.
 */
export function findSilence(
  inFlight: Iterable<Pending>,
  { lastOrder, lastMs }: Answers,
  pubackTimeoutMs: number,
  onNoAnswer: (pending: Pending) => void,
): number | "hung" {
  const nowMs = performance.now();
  let skipped = 0;
  for (const pending of inFlight) {
    const { topic, order, sentMs } = pending;
    if (nowMs - sentMs < stalledMs && nowMs - sentMs < pubackTimeoutMs) break;
    if (order >= lastOrder) {
      if (nowMs - Math.max(lastMs, sentMs) >= pubackTimeoutMs) return "hung";
      continue;
    }
    topic.isStalled = topic.refusal === undefined;
    if (nowMs - sentMs < pubackTimeoutMs) continue;
    skipped++;
    onNoAnswer(pending);
  }
  return skipped;
}
