import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { cleanUpAfter, eventually, type NatsMessage, readNats, type Scope } from "@sense-alerts/test-kit";

export interface NatsSubscription {
  /** What has come so far, in order; grows. */
  readonly messages: readonly NatsMessage[];
  publish(subject: string, payload: string, replyTo: string): void;
}

const lineEnd = "\r\n";

/**
 * Subscribes to subjects of a NATS server without login, over its bare text protocol: a client that has nothing to do
 * with ours. Resolves when the server has the subscription; it ends with the scope.
 */
export async function subscribeNats(t: Scope, port: number, subject: string): Promise<NatsSubscription> {
  const messages: NatsMessage[] = [];
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {}); // the server may go first
  cleanUpAfter(t, () => void socket.destroy());
  const subscribed = new Promise<void>((resolve, reject) => {
    socket.once("close", () => reject(new Error("the NATS server closed the connection")));
    const onLine = (line: string) => {
      if (line === "PING") socket.write(`PONG${lineEnd}`);
      if (line === "PONG") resolve();
    };
    socket.on("data", readNats({ onMessage: (message) => messages.push(message), onLine }));
  });
  await once(socket, "connect");
  socket.write(
    [`CONNECT ${JSON.stringify({ verbose: false, headers: true })}`, `SUB ${subject} 1`, "PING", ""].join(lineEnd),
  );
  await subscribed;
  return {
    messages,
    publish: (to, payload, replyTo) => {
      socket.write(`PUB ${to} ${replyTo} ${Buffer.byteLength(payload)}${lineEnd}${payload}${lineEnd}`);
    },
  };
}

/**
 * Asks JetStream's API, as the nats command line does; `subject` is what follows `$JS.API.`. Rejects with the refusal.
 */
export async function askJetStream(t: Scope, port: number, subject: string, request: object = {}): Promise<void> {
  const inbox = `_INBOX.${randomUUID()}`;
  const answers = await subscribeNats(t, port, inbox);
  answers.publish(`$JS.API.${subject}`, JSON.stringify(request), inbox);
  const text = await eventually(() => {
    const [answer] = answers.messages;
    if (answer === undefined) throw new Error("has not answered");
    return answer.payload.toString();
  });
  const { error } = JSON.parse(text) as { error?: unknown };
  if (error !== undefined) throw new Error(`${subject}: ${JSON.stringify(error)}`);
}
