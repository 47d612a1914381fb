import { type LinkState, type Logger, withoutLogin } from "@sense-alerts/service-kit";
import type { AlertMessage } from "../alerts/alert-messages.js";
import type { Attempt } from "./attempts.js";
import { type BrokerLink, startBrokerLink } from "./broker-link.js";
import { createBrokerLog } from "./broker-log.js";
import type { Accepted, ConnectionEnd, MqttConnection, OutgoingMessage } from "./connection.js";
import { defaultTiming, type MqttOptions, type ProtocolVersion } from "./mqtt-options.js";
import { createOutbox } from "./outbox.js";
import { publishBytes } from "./packet-size.js";
import type { OutboxOptions, Send } from "./pending.js";
import type { PublishResult, Refused } from "./publish-result.js";
import type { TopicKind } from "./topic-states.js";

export type AlertPublisher = {
  /**
   * Resolves when the broker has the message (at the PUBACK, or written at QoS 0), when it does not take it, or when
   * the signal aborts. Until then it waits for the broker without a time limit, and is sent once per connection.
   */
  publish(message: AlertMessage, signal: AbortSignal): Promise<PublishResult>;
  online(): boolean;
  /** How many messages each lane should have here at most: 0 while there is no connection. */
  capacity(): number;
  /** Messages without their PUBACK. */
  inFlight(): number;
  /** Undefined while there is no connection. */
  protocolVersion(): ProtocolVersion | undefined;
  refusedTopics(): readonly RefusedTopic[];
  state(): LinkState;
  onOnline(listener: () => void): void;
  /** Publishes the last status and disconnects, at once when `hurry` aborts. What has no result yet is `aborted`. */
  close(hurry?: AbortSignal): Promise<void>;
};

export type RefusedTopic = { readonly topic: string; readonly kind: TopicKind; readonly detail: string };

export type PublisherEvents = {
  /** The broker answered a message: with which reason code, 0 where it gives none, and after how long. */
  readonly onAnswer: OutboxOptions["onAnswer"];
};

const tickMs = 100;
const noteEveryMs = 500;
const packetTooLarge: Omit<Refused, "maximumBytes"> = {
  kind: "refused",
  reason: "packet-too-large",
  retryInMs: undefined,
};

/** Connects to the broker in the background, publishes alerts and the status of this instance. */
export function startAlertPublisher(mqtt: MqttOptions, logger: Logger, events: PublisherEvents): AlertPublisher {
  const timing = { ...defaultTiming, ...mqtt.timing };
  const log = createBrokerLog(mqtt, logger);
  const onlineListeners: (() => void)[] = [];
  let accepted: Accepted | undefined;
  let detail = "not connected yet";
  /** When the broker refused the last will or the status; undefined = it takes both. */
  let statusRefusedMs: number | undefined;
  let closing = false;
  let notedMs = 0;

  const outbox = createOutbox({
    ...mqtt,
    timing,
    mayReconnectSoon: () => link.mayReconnectSoon(),
    drop: (cause) => link.connection()?.drop({ cause }),
    onAnswer: (message, reasonCode, afterMs) => {
      noteAnswer();
      if (message.topic !== mqtt.statusTopic && reasonCode < 0x80) link.proven();
      events.onAnswer(message, reasonCode, afterMs);
    },
    onRefused: (topic, refusal) => {
      if (topic.name !== mqtt.statusTopic) return log.refused(topic, refusal);
      statusRefusedMs = performance.now();
      log.statusRefused(refusal.detail);
    },
    onRecovered: (topic) => log.recovered(topic),
  });
  const link: BrokerLink = startBrokerLink(
    { mqtt, willTopic: () => (isStatusOff() ? undefined : mqtt.statusTopic) },
    {
      onAccepted,
      onLost: (end: ConnectionEnd) => {
        accepted = undefined;
        outbox.onLost(end);
      },
      onTrouble: (reason, error) => {
        detail = reason;
        log.trouble(reason, error, accepted !== undefined);
      },
    },
  );
  const ticker = setInterval(outbox.tick, tickMs);
  ticker.unref();

  function noteAnswer(): void {
    const nowMs = performance.now();
    if (nowMs - notedMs < noteEveryMs) return;
    notedMs = nowMs;
    link.acknowledged();
    // On a slow link a ping waits behind all that was sent: the answer shows that the broker is alive.
    link.connection()?.postponePing();
  }

  function isStatusOff(): boolean {
    if (mqtt.statusTopic === undefined) return true;
    return statusRefusedMs !== undefined && performance.now() - statusRefusedMs < timing.statusRetryMs;
  }

  function onAccepted(connection: MqttConnection, allowed: Accepted, { broker, will }: Attempt): void {
    accepted = allowed;
    detail = withoutLogin(broker.url);
    log.connected(detail, allowed);
    if (will === undefined && !isStatusOff()) {
      statusRefusedMs = performance.now();
      log.statusRefused("it does not accept a connection with this last will");
    }
    outbox.opened(allowed.receiveMaximum, senderOn(connection, allowed), isStatusOff() ? undefined : status("online"));
    for (const listener of onlineListeners) listener();
  }

  function senderOn(connection: MqttConnection, allowed: Accepted): Send {
    return (message, onAnswer) => {
      const outgoing = outgoingOf(message, allowed);
      const { maximumPacketBytes } = allowed;
      const isTooLarge =
        maximumPacketBytes < Number.POSITIVE_INFINITY &&
        publishBytes(outgoing, allowed.protocolVersion) > maximumPacketBytes;
      if (isTooLarge) return { ...packetTooLarge, maximumBytes: maximumPacketBytes };
      return connection.publish(outgoing, onAnswer);
    };
  }

  function outgoingOf(message: AlertMessage, { maximumQos, retainAvailable }: Accepted): OutgoingMessage {
    const isStatus = message.topic === mqtt.statusTopic;
    return {
      topic: message.topic,
      payload: message.payload,
      qos: Math.min(isStatus ? 1 : (message.qos ?? mqtt.qos), maximumQos) as 0 | 1,
      retain: (isStatus || (message.retain ?? mqtt.retain)) && retainAvailable,
      contentType: message.contentType,
      userProperties: message.userProperties,
      correlationData: message.correlationData,
      expirySeconds: isStatus ? undefined : mqtt.messageExpirySeconds,
    };
  }

  function status(payload: "online" | "offline" | ""): AlertMessage {
    return { kind: "status", topic: mqtt.statusTopic ?? "", payload, contentType: "text/plain", userProperties: {} };
  }

  async function sayGoodbye(connection: MqttConnection): Promise<void> {
    const allowed = accepted;
    if (allowed !== undefined && !isStatusOff()) {
      // An empty retained message removes the retained status.
      const last = outgoingOf(status(mqtt.statusOnStop === "clear" ? "" : "offline"), allowed);
      await new Promise((resolve) => connection.publish(last, resolve));
    }
    connection.disconnect(outbox.unanswered());
  }

  return {
    publish: (message, signal) => outbox.publish(message, signal),
    online: () => accepted !== undefined && !closing,
    capacity: () => (accepted === undefined || closing ? 0 : outbox.capacity()),
    inFlight: outbox.inFlight,
    protocolVersion: () => accepted?.protocolVersion,
    refusedTopics: () =>
      outbox.refused().map(({ name, kind, refusal }) => ({ topic: name, kind, detail: refusal?.detail ?? "" })),
    state: () => ({ up: accepted !== undefined, detail }),
    onOnline: (listener) => onlineListeners.push(listener),
    close: async (hurry) => {
      closing = true;
      clearInterval(ticker);
      await link.close(sayGoodbye, hurry);
      outbox.close();
    },
  };
}
