/**
 * Why the bus did not do what was asked. All but the last two pass by themselves: keep the message and try again.
 * - `disconnected`: no usable connection at the moment, or it broke before the acknowledgement.
 * - `no-ack`: NATS did not acknowledge in time; it may have stored the message all the same.
 * - `unavailable`: nobody could store it at the moment: the leader of the stream is moving, or the stream is gone and
 *   will be made.
 * - `no-stream`: there is no such stream.
 * - `refused`: JetStream answered with an error, for example that the stream is full; `apiCode` holds its number.
 * - `too-large`: the message is larger than the server's max_payload or the stream's max_msg_size and can never be
 *   stored there;
 *   `maxPayloadBytes` is the largest payload that the server takes with the headers of this message, if that is known.
 * - `outdated`: the last message of the subject is not the expected one: another writer was faster, or an earlier
 *   attempt of this
 *   message was stored and its acknowledgement lost (nats-server 2.10 and later).
 */
export type BusErrorCode =
  | "disconnected"
  | "no-ack"
  | "unavailable"
  | "no-stream"
  | "refused"
  | "too-large"
  | "outdated";

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
