import { once } from "node:events";
import { connect } from "node:net";

export interface NatsLogin {
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/**
 * Publishes to a subject or subscribes to it over NATS' bare text protocol, and gives what the server says to it:
 * nothing when it is allowed, `Permissions Violation for …` when it is not. Rejects when the login is refused.
 */
export async function askNats(
  { port, user, password }: NatsLogin,
  verb: "publish" | "subscribe",
  subject: string,
  payload = "",
): Promise<string | undefined> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    const login = JSON.stringify({ user, pass: password, verbose: false, echo: false });
    const request =
      verb === "publish" ? `PUB ${subject} ${Buffer.byteLength(payload)}\r\n${payload}` : `SUB ${subject} 1`;
    socket.write(`CONNECT ${login}\r\n${request}\r\nPING\r\n`);
    let text = "";
    for await (const bytes of socket) {
      text += bytes;
      if (/^PONG/m.test(text)) return /^-ERR '(.*)'/m.exec(text)?.[1];
    }
    throw new Error(`the NATS server closed the connection: ${text}`);
  } finally {
    socket.destroy();
  }
}
