import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { eventually, jetStreamApi, type Scope, startService } from "@sense-alerts/test-kit";
import { createSender, executionsOn, fullTopic } from "../drill.js";
import { startServers } from "../stack.js";
import { type Settled, settle, stream } from "./settle.js";

export interface CrashRoundOptions {
  readonly events: number;
  /** MQTT_MAX_INFLIGHT. */
  readonly maxInFlight: number;
}

const kills = 3;
/**
 * Longer than the ack wait, after which NATS hands out again what was lost on its way. Without progress for so long, it
 * has stopped.
 */
const stallMs = 45_000;

export interface CrashRound extends Settled {
  /** From the last start of NATS until all was delivered and acknowledged, or given up. */
  readonly recoveryMs: number;
}

/**
 * One round on servers of its own: the events wait in the stream, an alerter works them off, and NATS is killed three
 * times within seconds, each time when some more have been delivered or, at the latest, two seconds after its start.
 */
export async function crashRound(t: Scope, { events, maxInFlight }: CrashRoundOptions): Promise<CrashRound> {
  const { nats, subscriber, env } = await startServers(t);
  const ingest = await startService(t, "udp-ingest", env, { waitFor: "ready" });
  const sender = createSender([await ingest.udpPort()]);
  await sender.send(events, 2_500);
  await eventually(
    async () => assert.equal((await nats.stream(stream))?.state.messages, events + 1), // and the socket's start
    { timeoutMs: 30_000, what: "the backlog in the stream" },
  );
  await startService(t, "mqtt-alerter", { ...env, MQTT_MAX_INFLIGHT: String(maxInFlight) });
  for (let kill = 1; kill <= kills; kill++) {
    const target = executionsOn(subscriber, fullTopic).length + randomInt(events / 40, events / 4);
    const latestMs = performance.now() + (kill === 1 ? 20_000 : 2_000);
    while (executionsOn(subscriber, fullTopic).length < target && performance.now() < latestMs) {
      await wait(5);
    }
    await nats.stop("SIGKILL");
    await nats.start();
  }
  const startedMs = performance.now();
  const settled = await settle(subscriber, sender.sent, { api: jetStreamApi(nats.port), stallMs });
  return { ...settled, recoveryMs: Math.round(performance.now() - startedMs) };
}
