/**
 * Why a message did not get its PUBACK.
 * - `offline`: no connection to the broker, or it broke before the PUBACK.
 * - `no-puback`: the broker did not answer in time; it may have passed the message on all the same.
 * - `refused`: the broker answered with a reason code of 0x80 or above, or its CONNACK rules the message out.
 */
export const publishErrorCodes = ["offline", "no-puback", "refused"] as const;

export type PublishErrorCode = (typeof publishErrorCodes)[number];

type PublishErrorFacts = { readonly reasonCode?: number; readonly alone?: boolean; readonly cause?: unknown };

export class PublishError extends Error {
  override readonly name = "PublishError";
  readonly code: PublishErrorCode;
  /** MQTT 5 reason code, with `refused`. */
  readonly reasonCode: number | undefined;
  /** With `offline`: no other message was under way when the connection broke, so it may be this one that broke it. */
  readonly alone: boolean;

  constructor(code: PublishErrorCode, message: string, facts: PublishErrorFacts = {}) {
    super(message, { cause: facts.cause });
    this.code = code;
    this.reasonCode = facts.reasonCode;
    this.alone = facts.alone ?? false;
  }
}
