import type { TopicState } from "./topic-states.js";

/**
 * Why the broker does not take a message. The first two concern its topic, the others the message.
 * - `topic-refused`: the broker answers 0x87 (not authorized), or closes the connection.
 * - `no-answer`: it never acknowledges the topic, although it acknowledges others.
 * - `message-refused`: it closes the connection because of this message and accepts others for the topic.
 * - `topic-name-invalid`, `packet-too-large`, `payload-format-invalid`: as it says.
 * - `broker-error`: another reason code, which may pass.
 */
export const refusalReasons = [
  "topic-refused",
  "no-answer",
  "message-refused",
  "topic-name-invalid",
  "packet-too-large",
  "payload-format-invalid",
  "broker-error",
] as const;

export type RefusalReason = (typeof refusalReasons)[number];

export type Refused = {
  readonly kind: "refused";
  readonly reason: RefusalReason;
  /** When to publish it again; undefined = never. */
  readonly retryInMs: number | undefined;
  /** With `packet-too-large`, where the broker has said what it takes. */
  readonly maximumBytes?: number;
};

export type PublishResult =
  /** Acknowledged (QoS 1) or written (QoS 0). */
  { readonly kind: "published" } | Refused | { readonly kind: "aborted" };

export const published: PublishResult = { kind: "published" };
export const aborted: PublishResult = { kind: "aborted" };

/** Topic name invalid, packet too large, payload format invalid: the broker will never take it (MQTT 5, 3.4.2.1). */
const permanent: ReadonlyMap<number, RefusalReason> = new Map([
  [0x90, "topic-name-invalid"],
  [0x95, "packet-too-large"],
  [0x99, "payload-format-invalid"],
]);
const brokerErrorRetryMs = 1_000;

/** What the reason code of a PUBACK, 0x80 or above, means for the message. */
export function refusedWith(reasonCode: number): Refused {
  const reason = permanent.get(reasonCode);
  if (reason !== undefined) return { kind: "refused", reason, retryInMs: undefined };
  return { kind: "refused", reason: "broker-error", retryInMs: brokerErrorRetryMs };
}

/** What becomes of a message for a refused topic that is not sent now. */
export function refusedResult(
  { refusal, notBeforeMs }: TopicState<unknown>,
  { refusedAfterMs, leastMs }: { readonly refusedAfterMs: number; readonly leastMs: number },
): Refused {
  const nowMs = performance.now();
  const { reason, sinceMs } = refusal ?? { reason: "topic-refused", sinceMs: nowMs };
  const isOver = nowMs - sinceMs >= refusedAfterMs;
  return { kind: "refused", reason, retryInMs: isOver ? undefined : Math.max(leastMs, notBeforeMs - nowMs) };
}
