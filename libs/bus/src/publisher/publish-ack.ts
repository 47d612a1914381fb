import { isTooLarge, isUnavailable, isWrongLastSequence, statusOfApiError } from "../connection/api-status.js";
import { BusError, type BusErrorCode } from "../connection/bus-error.js";

export type PublishAck = { readonly sequence: number; readonly duplicate: boolean };

/**
 * Reads a JetStream PubAck: `{"stream":"S","seq":1,"duplicate":true}` or `{"error":{"code":503,"err_code":10077,…}}`.
 * No bytes at all are the server's status 503: nobody listens to the subject, since the leader of the stream is moving
 * or it is gone.
 */
export function readAck(bytes: Uint8Array): PublishAck | BusError {
  if (bytes.length === 0) return new BusError("unavailable", "no stream takes this subject at the moment");
  try {
    const ack: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
    if (typeof ack === "object" && ack !== null) {
      if ("error" in ack) return refusal(ack.error);
      if ("seq" in ack && typeof ack.seq === "number") {
        return { sequence: ack.seq, duplicate: "duplicate" in ack && ack.duplicate === true };
      }
    }
    return new BusError("refused", "NATS answered with something that is no acknowledgement");
  } catch (error) {
    return new BusError("refused", "NATS answered with something that is no acknowledgement", { cause: error });
  }
}

function refusal(error: unknown): BusError {
  const status = statusOfApiError(error);
  const { apiCode, description } = status;
  let code: BusErrorCode = "refused";
  if (isTooLarge(status)) code = "too-large";
  else if (isWrongLastSequence(status)) code = "outdated";
  else if (isUnavailable(status)) code = "unavailable";
  return new BusError(code, `JetStream refused the message: ${description}`, apiCode === undefined ? {} : { apiCode });
}
