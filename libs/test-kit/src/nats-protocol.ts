export interface NatsMessage {
  readonly subject: string;
  /** The code of a status line such as `NATS/1.0 503`; undefined where there is none. */
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Buffer;
}

export interface NatsReader {
  onMessage(message: NatsMessage): void;
  /** Every other line: INFO, PING, PONG, -ERR. */
  onLine(line: string): void;
}

const lineEnd = "\r\n";

/**
 * Reads what a NATS server sends, in pieces of any length.
 * https://docs.nats.io/reference/reference-protocols/nats-protocol
 */
export function readNats(reader: NatsReader): (bytes: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    for (let end = rest.indexOf(lineEnd); end !== -1; end = rest.indexOf(lineEnd)) {
      const line = rest.toString("utf8", 0, end);
      if (!/^H?MSG /.test(line)) {
        rest = rest.subarray(end + lineEnd.length);
        reader.onLine(line);
        continue;
      }
      const read = readMessage(line, rest, end + lineEnd.length);
      if (read === undefined) return; // the rest of it comes later
      rest = rest.subarray(read.end);
      reader.onMessage(read.message);
    }
  };
}

/**
 * `MSG subject sid [reply] bytes` or `HMSG subject sid [reply] headerBytes bytes`, and behind the line that many bytes.
 */
function readMessage(line: string, bytes: Buffer, start: number): { message: NatsMessage; end: number } | undefined {
  const [verb, subject = "", ...numbers] = line.split(" ");
  const total = Number(numbers.at(-1));
  const end = start + total + lineEnd.length;
  if (bytes.length < end) return undefined;
  const headerLength = verb === "HMSG" ? Number(numbers.at(-2)) : 0;
  const [statusLine = "", ...headerLines] = bytes.toString("utf8", start, start + headerLength).split(lineEnd);
  const headers = headerLines
    .filter((text) => text.includes(":"))
    .map((text) => [text.slice(0, text.indexOf(":")), text.slice(text.indexOf(":") + 1).trim()]);
  const [, status] = /^NATS\/1\.0 (\d+)/.exec(statusLine) ?? [];
  const message = {
    subject,
    status: status === undefined ? undefined : Number(status),
    headers: Object.fromEntries(headers),
    payload: Buffer.from(bytes.subarray(start + headerLength, start + total)),
  };
  return { message, end };
}
