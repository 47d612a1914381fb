import { readFileSync } from "node:fs";
import { cleanUpAfter, eventually, type Scope, uniqueName } from "@sense-alerts/test-kit";
import { connect } from "mqtt";
import type { Login } from "./broker-source.js";

interface WatchedMessage {
  readonly topic: string;
  readonly text: string;
}

export interface Watcher {
  /** Everything so far, in order; grows. */
  readonly messages: readonly WatchedMessage[];
  /** How often each task came on a topic, by the name in a basic message or in the object of a full one. */
  tasksOn(topic: string): ReadonlyMap<string, number>;
  publish(topic: string, payload: string): Promise<void>;
}

export interface WatcherOptions {
  readonly url: string;
  readonly login: Login | undefined;
  readonly caFile?: string | undefined;
  /** Every topic of the checks if left out. */
  readonly filter?: string;
}

/**
 * Subscribes at QoS 1 with MQTT 3.1.1, which every broker speaks, and a session that the broker keeps over a restart.
 */
export async function startWatcher(scope: Scope, options: WatcherOptions): Promise<Watcher> {
  const { url, login, caFile, filter = "conformance/#" } = options;
  const messages: WatchedMessage[] = [];
  const client = connect(url, {
    protocolVersion: 4,
    clean: false,
    clientId: uniqueName("watcher"),
    reconnectPeriod: 200,
    connectTimeout: 5_000,
    ...login,
    ...(caFile !== undefined && { ca: readFileSync(caFile) }),
  });
  let isSubscribed = false;
  client.on("error", () => {}); // "close" follows, and it reconnects
  client.on("connect", () => {
    client.subscribe(filter, { qos: 1 }, (error, granted = []) => {
      isSubscribed = !error && granted.every(({ qos }) => qos < 0x80);
    });
  });
  client.on("message", (topic, payload) => {
    messages.push({ topic, text: payload.toString("utf8") });
  });
  cleanUpAfter(scope, async () => void (await client.endAsync(true)));
  await eventually(
    () => {
      if (!isSubscribed) throw new Error("not subscribed yet");
    },
    { timeoutMs: 30_000, what: `the subscription of ${filter}` },
  );
  return {
    messages,
    tasksOn(topic) {
      const counts = new Map<string, number>();
      for (const { text } of messages.filter((message) => message.topic === topic)) {
        const task = text.startsWith("{") ? String(JSON.parse(text).taskName) : text;
        counts.set(task, (counts.get(task) ?? 0) + 1);
      }
      return counts;
    },
    publish: async (topic, payload) => void (await client.publishAsync(topic, payload, { qos: 1 })),
  };
}
