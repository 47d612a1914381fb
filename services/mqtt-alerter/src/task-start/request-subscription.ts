import { backoff, type LinkState, withDeadline } from "@sense-alerts/service-kit";
import { connect, type IClientOptions, type IConnackPacket, type IPublishPacket } from "mqtt";
import { explainBrokerError } from "../mqtt/broker-error.js";
import { clientOptions, renewTlsFiles } from "../mqtt/client-options.js";
import { defaultTiming, type MqttOptions } from "../mqtt/mqtt-options.js";
import type { IncomingRequest } from "./start-request.js";

export type SubscriptionOptions = {
  readonly mqtt: MqttOptions;
  readonly topic: string;
  /** Whether this client comes back under the same id after a restart, so that the broker may keep messages for it. */
  readonly lasting: boolean;
};

export type SubscriptionEvents = {
  /** The PUBACK goes out when it resolves. When it rejects the connection is dropped, and the broker sends the message again. */
  readonly onRequest: (incoming: IncomingRequest, signal: AbortSignal) => Promise<void>;
  /** `awayMs`: for how long the broker may have kept messages. */
  readonly onSubscribed: (shared: boolean, awayMs: number) => void;
  readonly onTrouble: (reason: string, error: unknown) => void;
};

export type RequestSubscription = {
  state(): LinkState;
  /** Takes nothing more; what is being stored is finished until `hurry` aborts. */
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
 * Listens to the start topic, on a connection of its own: MQTT.js reads no packet while one waits for its PUBACK, and alerts must not
 * wait for a request. It shares the topic with the other replicas where the broker can; there too it listens to it by itself, at QoS 0,
 * since a broker may forget what it had handed to a replica that was killed.
 */
export function startRequestSubscription(
  options: SubscriptionOptions,
  events: SubscriptionEvents,
): RequestSubscription {
  const { mqtt, topic, lasting } = options;
  const timing = { ...defaultTiming, ...mqtt.timing };
  const retry = backoff({ minMs: timing.firstRetryMs, maxMs: timing.longestRetryMs });
  let connection = new AbortController();
  let handled: Promise<unknown> = Promise.resolve();
  let subscribed = false;
  let closing = false;
  let detail = "not connected yet";
  let trouble: Error | undefined;
  let lostMs: number | undefined;
  const client = connect(mqtt.url, {
    ...clientOptions(mqtt),
    ...sessionOptions(options),
    clientId: `${mqtt.clientId}-start`,
    connectTimeout: timing.connackMs,
    reconnectPeriod: retry.next(),
  });

  client.on("connect", (connack) => {
    retry.reset();
    connection = new AbortController();
    void subscribe(connack, connection.signal);
  });
  client.on("reconnect", () => {
    trouble = undefined;
    client.options.reconnectPeriod = retry.next();
    try {
      renewTlsFiles(client, mqtt);
    } catch (error) {
      events.onTrouble("a TLS file cannot be used, what it held before is", error);
    }
  });
  client.on("close", () => {
    connection.abort();
    if (subscribed) lostMs = performance.now();
    subscribed = false;
    if (closing) return;
    detail = trouble === undefined ? "the connection broke" : explainBrokerError(trouble, mqtt.protocolVersion);
    events.onTrouble(detail, trouble);
  });
  client.on("disconnect", ({ reasonCode }) => {
    const text = `the broker ended the connection (reason code ${reasonCode})`;
    trouble ??= Object.assign(new Error(text), { code: reasonCode });
    client.stream.destroy();
  });
  client.on("error", (error) => {
    trouble ??= error;
    // MQTT.js would go on after a packet that it could not read, and hear nothing more.
    client.stream.destroy();
  });
  // MQTT.js sends the PUBACK when this calls back; it never does for what was received on a connection that is gone.
  client.handleMessage = (packet, callback) => {
    const { signal } = connection;
    if (closing || packet.cmd !== "publish") return;
    const handling = events.onRequest(incomingOf(packet), signal).then(
      () => {
        if (!signal.aborted) callback();
      },
      (error: unknown) => {
        if (signal.aborted) return;
        trouble ??= error instanceof Error ? error : new Error(String(error));
        client.stream.destroy();
      },
    );
    handled = handling;
  };

  async function subscribe(connack: IConnackPacket, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const mayShare = mqtt.protocolVersion === 5 && connack.properties?.sharedSubscriptionAvailable !== false;
        const shared = mayShare && (await granted(`$share/${shareName}/${topic}`, 1));
        if (!(await granted(topic, shared ? 0 : 1)) && !shared) throw new Error("the broker refuses the subscription");
        if (signal.aborted) return;
        const awayMs = lostMs === undefined ? 0 : performance.now() - lostMs;
        lostMs = undefined;
        subscribed = true;
        detail = shared ? `${topic}, shared` : topic;
        const unknownMs = connack.sessionPresent && awayMs === 0 ? sessionSeconds * 1000 : 0;
        return events.onSubscribed(shared, awayMs + unknownMs);
      } catch (error) {
        if (signal.aborted) return;
        detail = `${topic} cannot be subscribed to (check the broker's access rules)`;
        events.onTrouble(detail, error);
        await new Promise((resolve) => setTimeout(resolve, retryMs).unref());
      }
    }
  }

  /** False when the broker says no; rejects when it says nothing. */
  async function granted(filter: string, qos: 0 | 1): Promise<boolean> {
    // Retained messages are not asked for; MQTT 3.1.1 sends them all the same.
    const answer = new Promise<boolean>((resolve) => {
      client.subscribe(filter, { qos, rh: 2 }, (error, grants) => {
        resolve((error ?? null) === null && (grants ?? []).every((grant) => grant.qos < 0x80));
      });
    });
    return withDeadline(answer, subackMs, `the subscription of ${filter}`);
  }

  return {
    state: () => ({ up: subscribed, detail }),
    close: async (hurry) => {
      closing = true;
      detail = "closed";
      const aborted = new Promise<void>((resolve) => {
        if (hurry.aborted) resolve();
        hurry.addEventListener("abort", () => resolve(), { once: true });
      });
      await Promise.race([handled, aborted]);
      const session = { properties: { sessionExpiryInterval: lasting ? sessionSeconds : 0 } };
      if (client.connected) {
        await withDeadline(client.endAsync(false, session), timing.goodbyeMs, "the goodbye").catch(() => undefined);
      }
      await client.endAsync(true);
      client.stream.destroy();
    },
  };
}

/** Without an id that lasts a session of MQTT 3.1.1, which never expires, would stay at the broker for ever. */
function sessionOptions({ mqtt, lasting }: SubscriptionOptions): IClientOptions {
  if (mqtt.protocolVersion === 4) return { clean: !lasting };
  const properties = { sessionExpiryInterval: sessionSeconds, receiveMaximum, maximumPacketSize: largestPacketBytes };
  return { clean: false, properties };
}

function incomingOf({ payload, retain, properties = {} }: IPublishPacket): IncomingRequest {
  return {
    payload: Buffer.from(payload),
    retained: retain,
    responseTopic: properties.responseTopic,
    correlationData: properties.correlationData,
    userProperties: Object.entries(properties.userProperties ?? {}).flatMap(([name, values]) =>
      [values].flat().map((value) => [name, value] as const),
    ),
  };
}
