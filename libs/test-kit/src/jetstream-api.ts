import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { type NatsMessage, readNats } from "./nats-protocol.js";

export interface ClusterInfo {
  /** The server name of the leader; undefined while there is none. */
  readonly leader?: string;
  readonly replicas?: readonly { readonly name: string; readonly current: boolean; readonly offline?: boolean }[];
}

export interface StreamInfo {
  readonly state: { readonly messages: number; readonly first_seq: number; readonly last_seq: number };
  readonly cluster?: ClusterInfo;
}

export interface ConsumerInfo {
  readonly name: string;
  readonly num_pending: number;
  readonly num_ack_pending: number;
  readonly num_redelivered: number;
  readonly ack_floor: { readonly stream_seq: number };
  readonly cluster?: ClusterInfo;
}

/**
 * JetStream's API as any client sees it through one server, without login. Each call rejects after `timeoutMs` (2,000)
 * without an answer.
 */
export interface JetStreamApi {
  stream(name: string): Promise<StreamInfo>;
  consumers(stream: string): Promise<readonly ConsumerInfo[]>;
  /** The same of one consumer, by its leader. */
  consumer(stream: string, name: string): Promise<ConsumerInfo>;
  /**
   * Has the leader give up its office; another replica takes over. Rejects where there is no leader or no other
   * replica.
   */
  stepDownStream(name: string): Promise<void>;
  stepDownConsumer(stream: string, name: string): Promise<void>;
}

/**
 * Speaks NATS' bare text protocol, one connection for each request: it is not affected by what befell the one before.
 */
export function jetStreamApi(port: number, timeoutMs = 2_000): JetStreamApi {
  const ask = <T>(subject: string, request: object = {}) =>
    requestNats(port, `$JS.API.${subject}`, request, timeoutMs).then((answer) => readAnswer<T>(subject, answer));
  return {
    stream: (name) => ask<StreamInfo>(`STREAM.INFO.${name}`),
    consumers: async (stream) =>
      (await ask<{ consumers: ConsumerInfo[] | null }>(`CONSUMER.LIST.${stream}`, { offset: 0 })).consumers ?? [],
    consumer: (stream, name) => ask<ConsumerInfo>(`CONSUMER.INFO.${stream}.${name}`),
    stepDownStream: async (name) => void (await ask(`STREAM.LEADER.STEPDOWN.${name}`)),
    stepDownConsumer: async (stream, name) => void (await ask(`CONSUMER.LEADER.STEPDOWN.${stream}.${name}`)),
  };
}

function readAnswer<T>(subject: string, { status, payload }: NatsMessage): T {
  if (status !== undefined) throw new Error(`${subject}: status ${status}`);
  const answer = JSON.parse(payload.toString("utf8")) as T & { error?: { description?: string } };
  if (answer.error !== undefined) throw new Error(`${subject}: ${answer.error.description ?? "refused"}`);
  return answer;
}

async function requestNats(port: number, subject: string, request: object, timeoutMs: number): Promise<NatsMessage> {
  const socket = connect(port, "127.0.0.1");
  const inbox = `_INBOX.${randomUUID()}`;
  const timer = setTimeout(() => socket.destroy(new Error(`no answer to ${subject} in ${timeoutMs} ms`)), timeoutMs);
  try {
    const answered = new Promise<NatsMessage>((resolve, reject) => {
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("the NATS server closed the connection")));
      socket.on("data", readNats({ onMessage: resolve, onLine: (line) => refuse(line, reject) }));
    });
    answered.catch(() => {}); // an error before the connection is there rejects below
    await once(socket, "connect");
    const payload = JSON.stringify(request);
    const options = JSON.stringify({ verbose: false, headers: true, no_responders: true });
    const commands = [
      `CONNECT ${options}`,
      `SUB ${inbox} 1`,
      `PUB ${subject} ${inbox} ${Buffer.byteLength(payload)}`,
      payload,
      "",
    ];
    socket.write(commands.join("\r\n"));
    return await answered;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

function refuse(line: string, reject: (error: Error) => void): void {
  if (line.startsWith("-ERR")) reject(new Error(`the NATS server answered ${line}`));
}
