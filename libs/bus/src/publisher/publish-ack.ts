import { BusError } from "../connection/bus-error.js";

export type PublishAck = { readonly sequence: number; readonly duplicate: boolean };

/** The err_code of "message size exceeds maximum allowed": the stream has a max_msg_size. */
const messageTooLarge = 10054;
/** "wrong last sequence": what was expected by the header that publisher.ts sets. */
const wrongLastSequence = 10071;

/**
 * Reads a JetStream PubAck: `{"stream":"S","seq":1,"duplicate":true}` or `{"error":{"code":503,"err_code":10077,…}}`.
 * No bytes at all are the server's word that nobody listens to the subject.
 */
export function readAck(bytes: Uint8Array): PublishAck | BusError {
  if (bytes.length === 0) return new BusError("no-stream", "no stream takes this subject");
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
  const facts = typeof error === "object" && error !== null ? error : {};
  const text = "description" in facts ? String(facts.description) : "no reason given";
  const apiCode = "err_code" in facts && typeof facts.err_code === "number" ? facts.err_code : undefined;
  const code = apiCode === messageTooLarge ? "too-large" : apiCode === wrongLastSequence ? "outdated" : "refused";
  return new BusError(code, `JetStream refused the message: ${text}`, apiCode === undefined ? {} : { apiCode });
}
