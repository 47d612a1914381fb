import { once } from "node:events";
import { connect } from "node:net";
import { cleanUpAfter, type Scope } from "@sense-alerts/test-kit";

interface NatsMessage {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Buffer;
}

export interface NatsSubscription {
  /** What has come so far, in order; grows. */
  readonly messages: readonly NatsMessage[];
  /** Sends a request whose answer goes to `reply`. */
  request(subject: string, reply: string, payload: string): void;
}

const lineEnd = "\r\n";

/**
 * Subscribes to subjects of a NATS server without login, over its bare text protocol: a client that has nothing to do with ours.
 * Resolves when the server has the subscription; it ends with the scope.
 */
export async function subscribeNats(t: Scope, port: number, subject: string): Promise<NatsSubscription> {
  const messages: NatsMessage[] = [];
  let rest = Buffer.alloc(0);
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {}); // the server may go first
  cleanUpAfter(t, () => void socket.destroy());
  const subscribed = new Promise<void>((resolve, reject) => {
    socket.once("close", () => reject(new Error("the NATS server closed the connection")));
    socket.on("data", (bytes) => {
      rest = Buffer.concat([rest, bytes]);
      for (let end = rest.indexOf(lineEnd); end !== -1; end = rest.indexOf(lineEnd)) {
        const line = rest.toString("utf8", 0, end);
        const message = line.startsWith("HMSG ") || line.startsWith("MSG ") ? readMessage(line, rest, end) : undefined;
        if (message === "incomplete") return;
        if (message !== undefined) messages.push(message.message);
        if (line === "PING") socket.write(`PONG${lineEnd}`);
        if (line === "PONG") resolve();
        rest = rest.subarray(message === undefined ? end + lineEnd.length : message.end);
      }
    });
  });
  await once(socket, "connect");
  socket.write(
    [`CONNECT ${JSON.stringify({ verbose: false, headers: true })}`, `SUB ${subject} 1`, "PING", ""].join(lineEnd),
  );
  await subscribed;
  const request = (subject: string, reply: string, payload: string) => {
    socket.write(`PUB ${subject} ${reply} ${Buffer.byteLength(payload)}${lineEnd}${payload}${lineEnd}`);
  };
  return { messages, request };
}

/** `MSG subject sid [reply] bytes` or `HMSG subject sid [reply] headerBytes bytes`, and behind the line that many bytes. */
function readMessage(
  line: string,
  bytes: Buffer,
  lineLength: number,
): { message: NatsMessage; end: number } | "incomplete" {
  const [verb, subject = "", ...numbers] = line.split(" ");
  const total = Number(numbers.at(-1));
  const headerLength = verb === "HMSG" ? Number(numbers.at(-2)) : 0;
  const start = lineLength + lineEnd.length;
  const end = start + total + lineEnd.length;
  if (bytes.length < end) return "incomplete";
  const headerLines = bytes
    .toString("utf8", start, start + headerLength)
    .split(lineEnd)
    .slice(1);
  const headers = Object.fromEntries(
    headerLines
      .filter((text) => text.includes(":"))
      .map((text) => [text.slice(0, text.indexOf(":")), text.slice(text.indexOf(":") + 1).trim()]),
  );
  const payload = Buffer.from(bytes.subarray(start + headerLength, start + total));
  return { message: { subject, headers, payload }, end };
}
