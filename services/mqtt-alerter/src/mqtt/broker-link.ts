import { backoff, withDeadline } from "@sense-alerts/link-kit";
import { createAttemptLimit } from "./attempt-limit.js";
import { type Attempt, createAttempts } from "./attempts.js";
import { explainConnectionEnd } from "./broker-error.js";
import type { Accepted, ConnectionEnd, ConnectionEvents, LastingSession, MqttConnection } from "./connection.js";
import { openConnection } from "./mqtt-client.js";
import { defaultTiming, type MqttOptions } from "./mqtt-options.js";
import { createTlsFiles } from "./tls-files.js";

export type BrokerLinkOptions = {
  readonly mqtt: MqttOptions;
  /** Asked before each attempt; left out = no last will. */
  readonly willTopic?: () => string | undefined;
  readonly session?: LastingSession;
};

export type BrokerLinkEvents = Pick<ConnectionEvents, "onMessage"> & {
  readonly onAccepted: (connection: MqttConnection, accepted: Accepted, attempt: Attempt) => void;
  /** The connection that was accepted has ended. */
  readonly onLost: (end: ConnectionEnd, reason: string) => void;
  /** No attempt to connect has succeeded, or the connection ended: why, in words that say what to do. */
  readonly onTrouble: (reason: string, error: unknown) => void;
};

export type BrokerLink = {
  /** The connection, once it was accepted and until it ends. */
  connection(): MqttConnection | undefined;
  /** The broker acknowledged something: the next pause before an attempt is short. */
  acknowledged(): void;
  /** It acknowledged a message with user properties, so its MQTT 5 is sound. */
  proven(): void;
  /** Whether a lost connection would be made again without waiting for the limit of attempts. */
  mayReconnectSoon(): boolean;
  /** Takes leave of the broker with `goodbye`, within its time, at once when `hurry` aborts; connects no more. */
  close(goodbye: (connection: MqttConnection) => Promise<unknown>, hurry?: AbortSignal): Promise<void>;
};

const slowestConnack = 8;

/**
 * Keeps a connection to one of the brokers: connects in the background, and again after each loss, until it is closed.
 */
export function startBrokerLink(options: BrokerLinkOptions, events: BrokerLinkEvents): BrokerLink {
  const { mqtt } = options;
  const timing = { ...defaultTiming, ...mqtt.timing };
  const attempts = createAttempts(mqtt, () => options.willTopic?.() !== undefined);
  const limit = createAttemptLimit({ burst: timing.burst, everyMs: timing.attemptEveryMs });
  const retry = backoff({ minMs: timing.firstRetryMs, maxMs: timing.longestRetryMs });
  const tlsFiles = createTlsFiles(mqtt, events.onTrouble);
  let connection: MqttConnection | undefined;
  let isAccepted = false;
  let connackFactor = 1;
  let timer: NodeJS.Timeout | undefined;
  let onEnded: (() => void) | undefined;
  let closing = false;

  function attempt(): void {
    limit.take();
    const next = attempts.next();
    const { broker, protocolVersion, will } = next;
    const topic = will && options.willTopic?.();
    let stable: NodeJS.Timeout | undefined;
    const opened = openConnection(
      {
        ...broker,
        protocolVersion,
        clientId: mqtt.clientId,
        keepaliveSeconds: mqtt.keepaliveSeconds,
        tls: tlsFiles(),
        tlsInsecure: mqtt.tlsInsecure,
        connackMs: timing.connackMs * connackFactor,
        will: will && topic !== undefined ? { topic, payload: "offline", ...will } : undefined,
        session: options.session,
      },
      {
        onAccepted: (accepted) => {
          isAccepted = true;
          connackFactor = 1;
          stable = setTimeout(retry.reset, timing.stableMs);
          stable.unref();
          attempts.accepted(next);
          events.onAccepted(opened, accepted, next);
        },
        onEnd: (end) => {
          clearTimeout(stable);
          connection = undefined;
          isAccepted = false;
          onEnded?.();
          onEnd(next, end);
        },
        ...(events.onMessage === undefined ? {} : { onMessage: events.onMessage }),
      },
    );
    connection = opened;
  }

  function onEnd(made: Attempt, end: ConnectionEnd): void {
    if (end.cause === "no-connack") connackFactor = Math.min(slowestConnack, connackFactor * 2);
    const hasOtherForm = attempts.failed(made, end);
    const reason = explainConnectionEnd(end, made.protocolVersion);
    if (!closing && (end.accepted || !hasOtherForm)) events.onTrouble(reason, end.error);
    if (end.accepted) events.onLost(end, reason);
    if (closing) return;
    timer = setTimeout(attempt, Math.max(hasOtherForm ? 0 : retry.next(), limit.waitMs()));
  }

  attempt();
  return {
    connection: () => (isAccepted ? connection : undefined),
    acknowledged: retry.reset,
    proven: attempts.proven,
    mayReconnectSoon: () => limit.waitMs() === 0,
    close: async (goodbye, hurry) => {
      closing = true;
      clearTimeout(timer);
      if (connection !== undefined && isAccepted) {
        const leaving = connection;
        const ended = new Promise<void>((resolve) => {
          onEnded = resolve;
          if (hurry?.aborted) resolve();
          hurry?.addEventListener("abort", () => resolve(), { once: true });
        });
        // Without the goodbye the broker publishes the last will, which says the same.
        const said = Promise.race([goodbye(leaving).then(() => ended), ended]);
        await withDeadline(said, timing.goodbyeMs, "the goodbye to the broker").catch(() => undefined);
      }
      connection?.drop({ cause: "dropped" });
    },
  };
}
