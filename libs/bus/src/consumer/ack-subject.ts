export type AckFacts = {
  readonly deliveries: number;
  readonly sequence: number;
  /** When the stream stored the message, in nanoseconds since 1970, read to some hundred of them: a number holds no more. */
  readonly storedNs: number;
  /** Messages of the stream that this consumer has not handed out yet. */
  readonly pending: number;
};

const prefix = "$JS.ACK.";
const dot = 46;
const zero = 48;

/**
 * What the reply subject of a delivery tells (ADR-15):
 * `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<time>.<pending>`, and in the newer form
 * with `<domain>.<account>` after `$JS.ACK` and perhaps a random token at the end. Undefined for any other subject.
 */
export function readAckSubject(reply: string | undefined): AckFacts | undefined {
  if (reply === undefined || !reply.startsWith(prefix)) return undefined;
  let at = 0;
  for (let tokens = firstNumberOf(reply); tokens > 0; tokens--) at = reply.indexOf(".", at) + 1;
  const numbers = [0, 0, 0, 0, 0];
  for (let index = 0; index < numbers.length; index++) {
    const start = at;
    let number = 0;
    for (let code = reply.charCodeAt(at); at < reply.length && code !== dot; code = reply.charCodeAt(++at)) {
      if (code < zero || code > zero + 9) return undefined;
      number = number * 10 + code - zero;
    }
    if (at === start) return undefined;
    numbers[index] = number;
    at++;
  }
  const [deliveries = 0, sequence = 0, , storedNs = 0, pending = 0] = numbers;
  return { deliveries, sequence, storedNs, pending };
}

/** Tells a message of a stream from all others, also from that of the same sequence in a stream that was made anew. */
export function storedKey(reply: string): string {
  const [, sequence, , storedNs] = reply.split(".").slice(firstNumberOf(reply));
  return `${sequence}-${storedNs}`;
}

/** How many tokens come before the first number. */
function firstNumberOf(reply: string): number {
  let tokens = 1;
  for (let index = 0; index < reply.length; index++) if (reply.charCodeAt(index) === dot) tokens++;
  return tokens >= 11 ? 6 : 4;
}
