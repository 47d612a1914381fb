import { once } from "node:events";
import { createServer } from "node:net";
import { cleanUpAfter, type Scope } from "../clean-up.js";
import type { BrokerBehaviour, PublishAnswer } from "./behaviour.js";
import { type Connection, serveConnection } from "./connection.js";
import { type ReceivedConnect, type ReceivedPublish, repeatsOnOneConnection } from "./received.js";

interface AnsweredPublish extends ReceivedPublish {
  readonly answer: PublishAnswer;
}

export interface ScriptedBroker {
  readonly url: string;
  readonly port: number;
  /** Every CONNECT so far, in order; grows. */
  readonly connects: readonly ReceivedConnect[];
  /** Every PUBLISH so far with its answer, also those of the status; grows. */
  readonly publishes: readonly AnsweredPublish[];
  /** Those with a positive PUBACK; grows. What the client must not lose, and what a subscriber would get. */
  readonly accepted: readonly AnsweredPublish[];
  /** Each PUBLISH that came twice although its connection stood and the broker had not refused it. */
  repeats(): readonly AnsweredPublish[];
  /** `filter qos` of each subscription so far; grows. */
  readonly subscriptions: readonly string[];
  /** Packet identifiers that clients acknowledged; grows. */
  readonly acknowledged: readonly number[];
  /** Connections that are open. */
  connections(): number;
  /** The largest number of messages on one connection without their PUBACK at one time, as the broker saw it. */
  mostInFlight(): number;
  /** From now on it behaves like this, on connections that are open too; only the rate of a link stays as it was. */
  behave(behaviour: BrokerBehaviour): void;
  /** A PUBACK for a PUBLISH that was answered with `never`. */
  puback(publish: ReceivedPublish, reasonCode?: number): void;
  /** Sends a message to every client that has subscribed to exactly this filter. */
  deliver(filter: string, topic: string, payload: string): void;
  /** Writes bytes to every client. */
  send(bytes: Uint8Array): void;
  /** Ends every connection without an MQTT packet. */
  cut(): void;
}

/**
 * An MQTT 3.1.1 and 5 broker on a free port of 127.0.0.1 that gives scripted answers: those of brokers
 * that a test cannot have, and those that a real one gives only on a bad day. It knows QoS 0 and 1 and stores nothing.
 */
export async function startScriptedBroker(t: Scope, behaviour: BrokerBehaviour = {}): Promise<ScriptedBroker> {
  let current = behaviour;
  let connectionCount = 0;
  let mostInFlight = 0;
  const connects: ReceivedConnect[] = [];
  const publishes: AnsweredPublish[] = [];
  const accepted: AnsweredPublish[] = [];
  const subscriptions: string[] = [];
  const acknowledged: number[] = [];
  const connections = new Map<number, Connection>();

  const server = createServer((socket) => {
    const number = ++connectionCount;
    const connection = serveConnection(socket, number, () => current, {
      onConnect: (connect) => void connects.push(connect),
      onPublish(publish, answer) {
        const answered = { ...publish, answer };
        publishes.push(answered);
        if (isPuback(answer) && !isRefusal(answer)) accepted.push(answered);
        mostInFlight = Math.max(mostInFlight, connection.inFlight());
      },
      onSubscribe: (filter, qos) => void subscriptions.push(`${filter} ${qos}`),
      onAcknowledged: (packetId) => void acknowledged.push(packetId),
    });
    connections.set(number, connection);
    socket.on("close", () => connections.delete(number));
  });
  const cut = () => {
    for (const connection of connections.values()) connection.cut();
  };
  cleanUpAfter(t, async () => {
    cut();
    server.close();
    await once(server, "close");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the broker has no port");
  return {
    url: `mqtt://127.0.0.1:${address.port}`,
    port: address.port,
    connects,
    publishes,
    accepted,
    repeats: () => repeatsOnOneConnection(publishes.filter(({ answer }) => !isRefusal(answer))),
    subscriptions,
    acknowledged,
    connections: () => connections.size,
    mostInFlight: () => mostInFlight,
    behave(behaviour) {
      current = behaviour;
    },
    puback: ({ connection, packetId }, reasonCode = 0) => connections.get(connection)?.puback(packetId, reasonCode),
    deliver(filter, topic, payload) {
      for (const connection of connections.values()) {
        connection.deliver(filter, { topic, payload, qos: 1, retain: false });
      }
    },
    send(bytes) {
      for (const connection of connections.values()) connection.send(bytes);
    },
    cut,
  };
}

function isPuback(answer: PublishAnswer): answer is { readonly puback: number } {
  return typeof answer === "object" && "puback" in answer;
}

/** A client may try a refused message again on the same connection. */
function isRefusal(answer: PublishAnswer): boolean {
  return isPuback(answer) && answer.puback >= 0x80;
}
