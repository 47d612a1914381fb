import assert from "node:assert/strict";
import { type ConsumerInfo, eventually, type JetStreamApi, type MqttSubscription } from "@sense-alerts/test-kit";
import { basicTopic, executionsOn, type Figures, fullTopic } from "../drill.js";

export const stream = "SENSE_EVENTS";

export interface Settled extends Figures {
  /** Deliveries that no consumer has acknowledged in the end; 0 where all is done. */
  readonly unacknowledged: number;
}

export interface SettleOptions {
  /** An API that answers: of a server that is not disturbed any more. */
  readonly api: JetStreamApi;
  /** Gives up when nothing new is delivered or acknowledged for so long. */
  readonly stallMs: number;
}

/**
 * Waits until each execution has come on both topics and every consumer of the stream has nothing left to deliver or to
 * acknowledge, or until that makes no progress any more. Resolves with what came in both cases: a drill compares sent
 * with delivered.
 */
export async function settle(
  subscriber: MqttSubscription,
  sent: readonly string[],
  { api, stallMs }: SettleOptions,
): Promise<Settled> {
  let state = "";
  let changedMs = performance.now();
  return eventually(
    async () => {
      const counted = count(subscriber, sent);
      const unacknowledged = await unacknowledgedIn(api);
      const settled = { sent: sent.length, ...counted, unacknowledged };
      const newState = JSON.stringify(settled);
      if (newState !== state) changedMs = performance.now();
      state = newState;
      const isStalled = performance.now() - changedMs > stallMs;
      assert.ok(isStalled || (settled.delivered === settled.sent && unacknowledged === 0), state);
      return settled;
    },
    { timeoutMs: 10 * 60_000, intervalMs: 200, what: "all alerts" },
  );
}

/** An execution counts as delivered when it has come on both topics; what came again on either is a repeat. */
function count(subscriber: MqttSubscription, sent: readonly string[]): { delivered: number; repeats: number } {
  const [basic, full] = [executionsOn(subscriber, basicTopic), executionsOn(subscriber, fullTopic)];
  const [onBasic, onFull] = [new Set(basic), new Set(full)];
  return {
    delivered: sent.filter((executionId) => onBasic.has(executionId) && onFull.has(executionId)).length,
    repeats: basic.length - onBasic.size + (full.length - onFull.size),
  };
}

/** What the consumers have yet to deliver or to see acknowledged; Infinity while NATS does not answer. */
async function unacknowledgedIn(api: JetStreamApi): Promise<number> {
  const consumers = await api.consumers(stream).catch((): readonly ConsumerInfo[] => []);
  if (consumers.length === 0) return Number.POSITIVE_INFINITY;
  return consumers.reduce((sum: number, { num_pending, num_ack_pending }) => sum + num_pending + num_ack_pending, 0);
}
