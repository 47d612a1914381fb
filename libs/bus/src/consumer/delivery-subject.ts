/** What NATS says of a delivery in its reply subject. */
export type DeliveryFacts = {
  /**
   * `<stream sequence>-<time stored, in ns since 1970>`: identifies a message, also after the stream was created again.
   */
  readonly key: string;
  /** The sequence in the stream. */
  readonly sequence: number;
  /** When it was stored, in ns since 1970, as exact as a number holds it: about 200 ns. `key` has it in full. */
  readonly storedNs: number;
  /** 1 for the first delivery. */
  readonly deliveries: number;
  /** Messages of the stream that the consumer has not delivered yet. */
  readonly pending: number;
};

const prefix = "$JS.ACK.";

/**
 * Reads the reply subject of a delivery (ADR-15): `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer
 * sequence>.<time>.<pending>`, in the newer form with `<domain>.<account>` after `$JS.ACK` and perhaps a random token
 * at the end. Undefined for any other subject.
 */
export function readDeliverySubject(reply: string | undefined): DeliveryFacts | undefined {
  if (reply === undefined || !reply.startsWith(prefix)) return undefined;
  const tokens = reply.split(".");
  const first = tokens.length >= 11 ? 6 : 4;
  const time = tokens[first + 3] ?? "";
  const deliveries = Number(tokens[first]);
  const sequence = Number(tokens[first + 1]);
  const pending = Number(tokens[first + 4]);
  if (!isCount(deliveries) || !isCount(sequence) || !isCount(pending) || !/^\d+$/.test(time)) return undefined;
  return { key: `${sequence}-${time}`, sequence, storedNs: Number(time), deliveries, pending };
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
