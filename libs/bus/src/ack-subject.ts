export type AckFacts = {
  readonly deliveries: number;
  readonly sequence: number;
  /** When the stream stored the message, in nanoseconds since 1970 as written: more digits than a number holds. */
  readonly storedNs: string;
  /** Messages of the stream that this consumer has not handed out yet. */
  readonly pending: number;
};

const prefix = "$JS.ACK.";

/**
 * What the reply subject of a delivery tells (ADR-15):
 * `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<time>.<pending>`, and in the newer form
 * with `<domain>.<account>` after `$JS.ACK` and perhaps a random token at the end. Undefined for any other subject.
 */
export function readAckSubject(reply: string | undefined): AckFacts | undefined {
  if (reply === undefined || !reply.startsWith(prefix)) return undefined;
  const tokens = reply.split(".");
  const [deliveries, sequence, , storedNs, pending] = tokens.slice(tokens.length >= 11 ? 6 : 4);
  if (storedNs === undefined) return undefined;
  const facts = { deliveries: Number(deliveries), sequence: Number(sequence), storedNs, pending: Number(pending) };
  const numbers = [facts.deliveries, facts.sequence, facts.pending, Number(storedNs)];
  return numbers.every(Number.isInteger) ? facts : undefined;
}
