import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import {
  eventually,
  type MqttSubscription,
  type NatsCluster,
  type NatsPeer,
  natsServerIsAtLeast,
  type Service,
  startMosquitto,
  startNatsCluster,
  startService,
  subscribeMqtt,
} from "@sense-alerts/test-kit";
import { basicTopic, fullTopic, report } from "../drill.js";
import { type LeaderlessTime, watchLeaders } from "./leader-watch.js";
import { settle, stream } from "./settle.js";
import { type Sent, sendSteadily } from "./steady-sender.js";

const perSecond = 300;
/** Longer than the ack wait: what is late is measured, and only what never comes is lost. */
const stallMs = 45_000;
const slowestAllowedMs = 12_000;
/**
 * A server before 2.11 delivers before the others know of it, and one before 2.10 confirms acknowledgements so too.
 * What it did last is forgotten with it, and may then go to the other alerter as well.
 */
const repeatsAllowed = natsServerIsAtLeast([2, 11]) ? 0 : 0.01;

/**
 * Two of each service on three servers, 300 events a second. Disturbs the cluster, lets it recover, and compares sent
 * with delivered; prints how long the cluster was without leaders and how long an event waited while there were some.
 * Leaders that have been the same for less than `settledMs` do not count.
 */
export async function drillCluster(
  t: TestContext,
  disturb: (cluster: NatsCluster) => Promise<void>,
  { settledMs = 0 } = {},
): Promise<void> {
  const [cluster, broker] = await Promise.all([startNatsCluster(t), startMosquitto(t)]);
  const subscriber = await subscribeMqtt(t, { port: broker.port, topics: [basicTopic, fullTopic] });
  const env = { NATS_URL: cluster.url, NATS_STREAM_REPLICAS: "3", MQTT_URL: broker.url };
  const start = (name: "udp-ingest" | "mqtt-alerter", instance: number) =>
    startService(t, name, { ...env, INSTANCE_ID: `${name}-${instance}` }, { waitFor: "ready" });
  const ingests = await Promise.all([1, 2].map((instance) => start("udp-ingest", instance)));
  const alerters = await Promise.all([1, 2].map((instance) => start("mqtt-alerter", instance)));
  await whenWhole(cluster);

  const sender = sendSteadily(await Promise.all(ingests.map((ingest) => ingest.udpPort())), perSecond);
  const watch = watchLeaders(cluster, settledMs);
  try {
    await eventually(() => assert.ok(subscriber.messages.length > perSecond), { timeoutMs: 30_000 });
    await disturb(cluster);
    await whenWhole(cluster);
    const beforeLast = sender.sent.length;
    await eventually(() => assert.ok(sender.sent.length > beforeLast + perSecond), {
      what: "events after the recovery",
    });
  } finally {
    sender.stop();
  }
  const executionIds = sender.sent.map(({ executionId }) => executionId);
  const [first] = cluster.servers;
  assert.ok(first !== undefined);
  const { unacknowledged, ...figures } = await settle(subscriber, executionIds, { api: first.api, stallMs });
  await watch.stop();
  const times = timesOf(subscriber, sender.sent, watch.leaderless);
  const stored = (await first.api.stream(stream)).state.messages;
  report(t, { ...figures, stored, ...times });
  if (figures.repeats > 0) explainRepeats(t, subscriber, alerters);
  assert.deepEqual([figures.delivered, unacknowledged], [figures.sent, 0], "delivered, unacknowledged");
  assert.ok(figures.repeats <= repeatsAllowed * figures.sent, `${figures.repeats} repeats`);
  assert.ok(times.slowestWithLeaderMs <= slowestAllowedMs, `one took ${times.slowestWithLeaderMs} ms with a leader`);
}

/** Resolves when the stream and each of its consumers have a leader that all others follow. */
export async function whenWhole({ servers }: NatsCluster): Promise<void> {
  const [first] = servers;
  assert.ok(first !== undefined);
  await eventually(
    async () => {
      const [info, consumers] = await Promise.all([first.api.stream(stream), first.api.consumers(stream)]);
      assert.ok(consumers.length > 0, "has no consumer");
      for (const { cluster } of [info, ...consumers]) {
        assert.ok(cluster?.leader);
        const following = cluster.replicas?.filter(({ current, offline }) => current && !offline).length;
        assert.equal(following, servers.length - 1, "followers");
      }
    },
    { timeoutMs: 90_000, intervalMs: 200, what: "a whole cluster" },
  );
}

/** Has the stream and all its consumers step down until one server leads them all, and gives that server. */
export async function gatherLeaders(cluster: NatsCluster): Promise<NatsPeer> {
  const [first] = cluster.servers;
  assert.ok(first !== undefined);
  const { api } = first;
  let leader = "";
  await eventually(
    async () => {
      leader = (await api.stream(stream)).cluster?.leader ?? "";
      assert.notEqual(leader, "");
      for (const { name, cluster: led } of await api.consumers(stream)) {
        if (led?.leader === leader) continue;
        await api.stepDownConsumer(stream, name);
        throw new Error(`${name} is led by ${led?.leader ?? "none"}, the stream by ${leader}`);
      }
    },
    { timeoutMs: 60_000, intervalMs: 1_000, what: "one leader of all" },
  );
  return cluster.peer(leader);
}

/** Says when each repeat came, and what each alerter logged. */
function explainRepeats(t: TestContext, { messages }: MqttSubscription, alerters: readonly Service[]): void {
  const firstMs = new Map<string, number>();
  for (const { topic, userProperties, receivedAt } of messages) {
    const key = `${topic} ${userProperties["eventId"]?.slice(-36)}`;
    const earlierMs = firstMs.get(key);
    if (earlierMs === undefined) firstMs.set(key, receivedAt);
    else t.diagnostic(`${key} at ${new Date(earlierMs).toISOString()} and ${new Date(receivedAt).toISOString()}`);
  }
  for (const line of alerters.flatMap(({ logs }) => logs)) t.diagnostic(JSON.stringify(line));
}

function timesOf(subscriber: MqttSubscription, sent: readonly Sent[], leaderless: readonly LeaderlessTime[]) {
  const receivedMs = new Map<string, number>();
  for (const { userProperties, receivedAt } of subscriber.messages) {
    const executionId = (userProperties["eventId"] ?? "").slice(-36);
    receivedMs.set(executionId, Math.max(receivedAt, receivedMs.get(executionId) ?? 0));
  }
  const delays: number[] = [];
  let slowestWithLeaderMs = 0;
  for (const { executionId, atMs } of sent) {
    const toMs = receivedMs.get(executionId) ?? Number.NaN;
    if (Number.isNaN(toMs)) continue; // lost, which is counted elsewhere
    delays.push(toMs - atMs);
    const without = leaderless.reduce((sum, time) => sum + overlapMs(time, { fromMs: atMs, toMs }), 0);
    slowestWithLeaderMs = Math.max(slowestWithLeaderMs, toMs - atMs - without);
  }
  delays.sort((a, b) => a - b);
  return {
    p50Ms: delays[Math.floor(delays.length / 2)] ?? 0,
    slowestMs: delays.at(-1) ?? 0,
    slowestWithLeaderMs,
    leaderlessTimes: leaderless.length,
    longestLeaderlessMs: Math.max(0, ...leaderless.map(({ fromMs, toMs }) => toMs - fromMs)),
  };
}

function overlapMs(a: LeaderlessTime, b: LeaderlessTime): number {
  return Math.max(0, Math.min(a.toMs, b.toMs) - Math.max(a.fromMs, b.fromMs));
}
