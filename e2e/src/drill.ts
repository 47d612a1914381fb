import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { appendFileSync } from "node:fs";
import type { TestContext } from "node:test";
import {
  eventually,
  type MosquittoOptions,
  type MqttSubscription,
  type NatsServer,
  type Service,
  type SubscribeOptions,
  sendDatagrams,
  taskDatagram,
} from "@sense-alerts/test-kit";

/** The long forms of the drills, which npm run test:soak asks for. */
export const isSoak = process.env["SOAK"] === "1";

/** The short form of a figure in npm test and npm run test:all, the long one in npm run test:soak. */
export function short(inTest: number, inSoak: number): number {
  return isSoak ? inSoak : inTest;
}

/**
 * A broker that keeps sessions over a restart, and a subscriber whose session it keeps: what is published meanwhile is
 * not missed.
 */
export const lasting: { broker: MosquittoOptions; subscriber: Partial<SubscribeOptions> } = {
  broker: { config: "persistence true\nautosave_on_changes true\nautosave_interval 1" },
  subscriber: { args: ["-c", "-i", "drill-subscriber", "-x", "3600"] },
};

export const basicTopic = "qliksense/task_failure";
export const fullTopic = "qliksense/task_failure_full";

/** Sends failed tasks like no others, and remembers their executions in the order sent. */
export function createSender(ports: readonly number[], address = "127.0.0.1") {
  const sent: string[] = [];
  return {
    sent,
    /** To every port the same datagrams: what several appenders on one Sense server do. */
    async send(count: number, perSecond: number): Promise<void> {
      const executionIds = Array.from({ length: count }, () => randomUUID());
      const datagrams = executionIds.map((executionId) => taskDatagram({ executionId }));
      sent.push(...executionIds);
      await Promise.all(ports.map((port) => sendDatagrams(port, datagrams, { perSecond, address })));
    },
  };
}

export interface Figures {
  readonly sent: number;
  readonly delivered: number;
  /** Messages that came a second time, with the same event id. */
  readonly repeats: number;
}

/**
 * Waits until each execution has come on both topics; rejects with what is missing. Repeats are counted, strangers fail
 * unless allowed.
 */
export async function allDelivered(
  subscriber: MqttSubscription,
  sent: readonly string[],
  { timeoutMs = 60_000, strangers = false }: { timeoutMs?: number; strangers?: boolean } = {},
): Promise<Figures> {
  return eventually(
    () => {
      let repeats = 0;
      for (const topic of [basicTopic, fullTopic]) {
        const came = executionsOn(subscriber, topic);
        const known = new Set(came);
        const missing = sent.filter((executionId) => !known.has(executionId));
        assert.equal(missing.length, 0, `${missing.length} of ${sent.length} are missing on ${topic}`);
        if (!strangers) assert.equal(known.size, sent.length, `events that were never sent on ${topic}`);
        repeats += came.length - known.size;
      }
      return { sent: sent.length, delivered: sent.length, repeats };
    },
    { timeoutMs, intervalMs: 100, what: "all alerts" },
  );
}

/** The executions on a topic in the order they came, by the event id that each message carries. */
export function executionsOn(subscriber: MqttSubscription, topic: string): string[] {
  return subscriber.messages
    .filter((message) => message.topic === topic)
    .map((message) => (message.userProperties["eventId"] ?? "").slice(-36));
}

/** Waits until nothing is in flight, nothing waits in the stream and nothing is buffered. */
export async function atRest(
  nats: NatsServer,
  ingests: readonly Service[],
  alerters: readonly Service[],
): Promise<void> {
  await eventually(
    async () => {
      const consumers = (await nats.stream("SENSE_EVENTS"))?.consumer_detail ?? [];
      assert.ok(consumers.length > 0, "no consumer");
      for (const { num_pending, num_ack_pending } of consumers)
        assert.deepEqual([num_pending, num_ack_pending], [0, 0]);
      for (const ingest of ingests) assert.equal(await ingest.metric("sensealerts_ingest_buffered_events"), 0);
      for (const alerter of alerters) assert.equal(await alerter.metric("sensealerts_alerter_events_in_hand"), 0);
    },
    { timeoutMs: 60_000, what: "rest" },
  );
}

/** Shows the figures of a drill beside its test, and keeps them for the table of npm run test:soak. */
export function report(t: TestContext, figures: Figures & Readonly<Record<string, number>>): void {
  t.diagnostic(
    Object.entries(figures)
      .map(([name, value]) => `${name} ${value}`)
      .join(", "),
  );
  const file = process.env["SOAK_FIGURES"];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ drill: t.name, ...figures })}\n`);
}
