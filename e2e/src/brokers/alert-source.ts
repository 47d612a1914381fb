import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import {
  type BrokerBehaviour,
  type Environment,
  eventually,
  mostConnectsPerMinute,
  type NatsServer,
  type Scope,
  type ScriptedBroker,
  type Service,
  sendDatagrams,
  startNats,
  startScriptedBroker,
  startService,
  type TaskDatagramFields,
  taskDatagram,
  uniqueName,
} from "@sense-alerts/test-kit";

export const basicTopic = "qliksense/task_failure";
export const fullTopic = "qliksense/task_failure_full";

export interface SentAlert {
  readonly taskName: string;
  /** Milliseconds since 1970. */
  readonly sentAt: number;
}

/** NATS and udp-ingest. Any number of alerters, each with a durable consumer of its own, receive the same events. */
export interface AlertSource {
  readonly nats: NatsServer;
  readonly env: Environment;
  /** Sends failed tasks with names of their own at this rate; resolves with them after the last one. */
  send(count: number, perSecond: number, fields?: Partial<TaskDatagramFields>): Promise<SentAlert[]>;
}

export async function startAlertSource(t: Scope): Promise<AlertSource> {
  const nats = await startNats(t);
  const env = { NATS_URL: nats.url };
  const ingest = await startService(t, "udp-ingest", env, { waitFor: "ready" });
  const port = await ingest.udpPort();
  return {
    nats,
    env,
    async send(count, perSecond, fields = {}) {
      const names = Array.from({ length: count }, () => fields.taskName ?? uniqueName("task"));
      const startedAt = Date.now();
      const datagrams = names.map((taskName) => taskDatagram({ executionId: randomUUID(), ...fields, taskName }));
      await sendDatagrams(port, datagrams, { perSecond });
      return names.map((taskName, index) => ({ taskName, sentAt: startedAt + (index / perSecond) * 1_000 }));
    },
  };
}

export interface ScriptedAlerter {
  readonly broker: ScriptedBroker;
  readonly alerter: Service;
}

/** A scripted broker and an alerter that publishes to it. Resolves at its first CONNECT. */
export async function startAlerterTo(
  t: Scope,
  source: AlertSource,
  behaviour: BrokerBehaviour,
  env: Environment = {},
): Promise<ScriptedAlerter> {
  const broker = await startScriptedBroker(t, behaviour);
  const name = uniqueName("alerter");
  const alerter = await startService(
    t,
    "mqtt-alerter",
    { ...source.env, MQTT_URL: broker.url, NATS_CONSUMER: name, INSTANCE_ID: name, ...env },
    { waitFor: "http" },
  );
  await eventually(() => assert.ok(broker.connects.length > 0, "no CONNECT"), { timeoutMs: 20_000 });
  return { broker, alerter };
}

/**
 * Waits until the broker has accepted each alert on the topic; fails when one came later than this after it was sent.
 */
export async function allOnTime(
  { broker, alerter }: ScriptedAlerter,
  topic: string | ((sent: SentAlert) => string),
  alerts: readonly SentAlert[],
  latestMs = 10_000,
): Promise<void> {
  const topicOf = typeof topic === "string" ? () => topic : topic;
  const accepted = () => broker.accepted;
  const missing = () =>
    alerts.filter((alert) => !accepted().some((publish) => isAbout(publish, topicOf(alert), alert.taskName)));
  await eventually(
    () => assert.equal(missing().length, 0, `${missing().length} of ${alerts.length} are missing; ${facts(broker)}`),
    { timeoutMs: latestMs + 1_000, intervalMs: 100, what: "all alerts" },
  ).catch((error: Error) => {
    throw new Error(`${error.message}\n${lastWarnings(alerter)}`, { cause: error });
  });
  const waits = alerts.map((alert) => {
    const first = accepted().find((publish) => isAbout(publish, topicOf(alert), alert.taskName));
    return (first?.receivedAt ?? Number.POSITIVE_INFINITY) - alert.sentAt;
  });
  const longestMs = Math.max(...waits);
  assert.ok(longestMs <= latestMs, `the slowest alert took ${Math.round(longestMs)} ms; ${facts(broker)}`);
}

/**
 * At most 20 CONNECTs a minute, and nothing published twice while its connection stood; `except` leaves out topics
 * whose messages look the same.
 */
export function isCalm({ broker }: ScriptedAlerter, except = /(?!)/): void {
  const connects = mostConnectsPerMinute(broker.connects);
  assert.ok(connects <= 20, `${connects} CONNECTs in a minute`);
  const repeats = broker
    .repeats()
    .filter(({ topic }) => !except.test(topic))
    .map(({ topic, text }) => `${topic} ${text.slice(0, 80)}`);
  assert.deepEqual(repeats, [], "published twice while the connection stood");
}

function isAbout(publish: { topic: string; text: string }, topic: string, taskName: string): boolean {
  if (publish.topic !== topic) return false;
  return publish.text === taskName || publish.text.includes(`"taskName":${JSON.stringify(taskName)},`);
}

function facts({ connects, publishes, accepted }: ScriptedBroker): string {
  return `${connects.length} CONNECTs, ${publishes.length} publishes, ${accepted.length} accepted`;
}

function lastWarnings({ logs }: Service): string {
  const warnings = logs.filter(({ level }) => level === "warn" || level === "error");
  return warnings
    .slice(-5)
    .map((line) => JSON.stringify(line).slice(0, 400))
    .join("\n");
}
