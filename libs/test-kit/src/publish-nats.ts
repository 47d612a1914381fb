import { once } from "node:events";
import { connect } from "node:net";

export interface NatsPublication {
  readonly subject: string;
  readonly payload: Uint8Array | string;
  /** Written as they are, and so may be wrong in any way. */
  readonly headers?: Readonly<Record<string, string>>;
}

const timeoutMs = 10_000;

/**
 * Publishes to a NATS server without login, over its bare text protocol: what any program may put on the bus, ours or
 * not. Resolves when the server has taken all; rejects with what the server says against it.
 */
export async function publishNats(port: number, publications: readonly NatsPublication[]): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer from NATS in ${timeoutMs} ms`)));
  try {
    await once(socket, "connect");
    let answers = "";
    const taken = new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.once("close", () => reject(new Error(`NATS closed the connection: ${answers}`)));
      socket.on("data", (bytes) => {
        answers += bytes.toString("utf8");
        if (/^PONG\r$/m.test(answers)) resolve();
      });
    });
    socket.write(`CONNECT ${JSON.stringify({ verbose: false, headers: true })}\r\n`);
    for (const publication of publications) socket.write(commandOf(publication));
    socket.write("PING\r\n");
    await taken;
  } finally {
    socket.destroy();
  }
}

function commandOf({ subject, payload, headers }: NatsPublication): Buffer {
  const bytes = Buffer.from(payload);
  const lines = Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = Buffer.from(headers === undefined ? "" : `NATS/1.0\r\n${lines.join("")}\r\n`);
  const total = head.length + bytes.length;
  const command = headers === undefined ? `PUB ${subject} ${total}` : `HPUB ${subject} ${head.length} ${total}`;
  return Buffer.concat([Buffer.from(`${command}\r\n`), head, bytes, Buffer.from("\r\n")]);
}
