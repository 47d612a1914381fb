import { type LinkState, withDeadline } from "@sense-alerts/link-kit";
import { startBrokerLink } from "../mqtt/broker-link.js";
import type { Accepted, IncomingMessage, MqttConnection } from "../mqtt/connection.js";
import type { MqttOptions } from "../mqtt/mqtt-options.js";

export type SubscriptionOptions = {
  readonly mqtt: MqttOptions;
  readonly topic: string;
  /** Whether this client comes back under the same id after a restart, so that the broker may keep messages for it. */
  readonly lasting: boolean;
};

export type SubscriptionEvents = {
  /** The PUBACK goes out when it resolves, which must be soon: until then no PINGRESP is read. It does not reject. */
  readonly onRequest: (incoming: IncomingMessage) => Promise<void>;
  /** `awayMs`: for how long the broker may have kept messages. */
  readonly onSubscribed: (shared: boolean, awayMs: number) => void;
  readonly onTrouble: (reason: string, error: unknown) => void;
};

export type RequestSubscription = {
  state(): LinkState;
  /** Takes nothing more; the PUBACK that is due goes out until `hurry` aborts. */
  close(hurry: AbortSignal): Promise<void>;
};

/** How long the broker keeps what comes in while this client is away: no request waits longer than that anyway. */
const sessionSeconds = 300;
const shareName = "mqtt-alerter";
/** Requests that the broker may send before the PUBACK of the first. */
const receiveMaximum = 16;
/** The broker keeps larger ones to itself. */
const largestPacketBytes = 65_536;
const subackMs = 10_000;
const retryMs = 5_000;

/**
 * Listens to the start topic, on a connection of its own: MQTT.js reads no packet while a message waits for its PUBACK,
 * and alerts must not wait for a request. Where the broker offers shared subscriptions, it shares the topic with the
 * other replicas, and also listens by itself at QoS 0, since a broker may forget what it had handed to a replica that
 * was killed.
 */
export function startRequestSubscription(
  options: SubscriptionOptions,
  events: SubscriptionEvents,
): RequestSubscription {
  const { topic, lasting } = options;
  const mqtt = { ...options.mqtt, clientId: `${options.mqtt.clientId}-start` };
  let current = new AbortController();
  let handled: Promise<unknown> = Promise.resolve();
  let subscribed = false;
  let closing = false;
  let detail = "not connected yet";
  let lostMs: number | undefined;
  const session = { expirySeconds: sessionSeconds, receiveMaximum, maximumPacketBytes: largestPacketBytes };
  const isKept = lasting || mqtt.protocolVersion !== 4;
  const link = startBrokerLink(
    { mqtt, ...(isKept ? { session } : {}) },
    {
      onAccepted: (connection, accepted) => {
        current = new AbortController();
        void subscribe(connection, accepted, current.signal);
      },
      onLost: () => {
        current.abort();
        if (subscribed) lostMs = performance.now();
        subscribed = false;
      },
      onTrouble: (reason, error) => {
        detail = reason;
        events.onTrouble(reason, error);
      },
      onMessage: (message, done) => {
        // Without a PUBACK the broker keeps it for another replica.
        if (!closing) handled = events.onRequest(message).then(done);
      },
    },
  );

  async function subscribe(connection: MqttConnection, accepted: Accepted, signal: AbortSignal): Promise<void> {
    const granted = (filter: string, qos: 0 | 1) =>
      withDeadline(connection.subscribe(filter, qos), subackMs, `the subscription of ${filter}`);
    while (!signal.aborted) {
      try {
        const shared = accepted.sharedSubscriptions && (await granted(`$share/${shareName}/${topic}`, 1));
        if (!(await granted(topic, shared ? 0 : 1)) && !shared) throw new Error("the broker refuses the subscription");
        if (signal.aborted) return;
        const awayMs = lostMs === undefined ? 0 : performance.now() - lostMs;
        lostMs = undefined;
        subscribed = true;
        link.acknowledged();
        detail = shared ? `${topic}, shared` : topic;
        const unknownMs = accepted.sessionPresent && awayMs === 0 ? sessionSeconds * 1000 : 0;
        return events.onSubscribed(shared, awayMs + unknownMs);
      } catch (error) {
        if (signal.aborted) return;
        detail = `${topic} cannot be subscribed to (check the broker's access rules)`;
        events.onTrouble(detail, error);
        await new Promise((resolve) => setTimeout(resolve, retryMs).unref());
      }
    }
  }

  return {
    state: () => ({ up: subscribed, detail }),
    close: async (hurry) => {
      closing = true;
      detail = "closed";
      await link.close(async (connection) => {
        await handled;
        connection.disconnect([], { expirySeconds: lasting ? sessionSeconds : 0 });
      }, hurry);
    },
  };
}
