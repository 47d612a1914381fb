/**
 * Why the bus did not do what was asked. All but the last two pass by themselves: keep the message and try again.
 * - `disconnected`: no usable connection at the moment, or it broke before the acknowledgement.
 * - `no-ack`: NATS did not acknowledge in time; it may have stored the message all the same.
 * - `no-stream`: no stream takes this subject (it was deleted, or never made).
 * - `refused`: JetStream answered with an error, for example that the stream is full; `apiCode` holds its number.
 * - `too-large`: the message is above the server's max_payload or the stream's max_msg_size and can never be stored there;
 *   `maxPayloadBytes` is the largest payload that the server takes with the headers of this message, if that is known.
 * - `outdated`: the subject's last message is not the one that was expected, so somebody else was quicker.
 */
export type BusErrorCode = "disconnected" | "no-ack" | "no-stream" | "refused" | "too-large" | "outdated";

export class BusError extends Error {
  override readonly name = "BusError";
  readonly code: BusErrorCode;
  /** JetStream's err_code, if it answered with one. */
  readonly apiCode: number | undefined;
  readonly maxPayloadBytes: number | undefined;

  constructor(
    code: BusErrorCode,
    message: string,
    facts: { apiCode?: number; maxPayloadBytes?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause: facts.cause });
    this.code = code;
    this.apiCode = facts.apiCode;
    this.maxPayloadBytes = facts.maxPayloadBytes;
  }
}
