import { backoff, withDeadline } from "@sense-alerts/service-kit";
import { connect, type IClientPublishOptions, type IConnackPacket } from "mqtt";
import type { AlertMessage } from "./alert-messages.js";
import { explainBrokerError } from "./broker-error.js";
import { clientOptions, propertiesOf, renewTlsFiles } from "./client-options.js";
import { defaultTiming, type MqttOptions } from "./mqtt-options.js";
import { publishPacketBytes } from "./packet-bytes.js";
import { takeEveryPubackCode } from "./puback-codes.js";
import { PublishError } from "./publish-error.js";
import { createWindow } from "./window.js";

export type MqttEvents = {
  /** Each change between connected and not. */
  readonly onChange: (online: boolean) => void;
  /** An attempt failed, or the connection broke, in words that say what to do; once for each attempt and each break. */
  readonly onTrouble: (reason: string, error: unknown) => void;
  /** The broker allows less than the settings ask for. */
  readonly onReduced: (facts: object) => void;
  /** The broker took the message, and says that nobody subscribes to its topic (MQTT 5, 3.4.2.1): no reason to send it again. */
  readonly onNoSubscriber: (message: AlertMessage) => void;
  /** The broker answered a publish, the status messages included: with which reason code, 0 where it gives none, and after how long. */
  readonly onAnswer: (reasonCode: number, afterMs: number) => void;
};

export type MqttPublisher = {
  online(): boolean;
  /** Messages without their PUBACK. */
  inFlight(): number;
  /**
   * Waits its turn in the order of the calls, then sends. Resolves at the PUBACK (QoS 1), the PUBCOMP (QoS 2) or when
   * written (QoS 0). Rejects with a PublishError, as soon as the connection breaks and within the deadline after the
   * sending; the message is then forgotten here, nothing is sent again behind the caller's back.
   */
  publish(message: AlertMessage): Promise<void>;
  /** Says `offline` on the status topic and disconnects, at once when `hurry` aborts; what has no PUBACK by then rejects. */
  close(hurry?: AbortSignal): Promise<void>;
};

/** What CONNACK allows (MQTT 5, 3.2.2.3); what it does not mention is unlimited. */
type Limits = {
  readonly qos: number;
  readonly retain: boolean;
  readonly packetBytes: number;
  readonly inFlight: number;
};

type Pending = {
  readonly sentMs: number;
  messageId?: number | undefined;
  unheard: boolean;
  fail(error: PublishError): void;
};

const unusable =
  "a TLS file cannot be used, what it held before is (check MQTT_TLS_CA_FILE, MQTT_TLS_CERT_FILE and MQTT_TLS_KEY_FILE)";
const unsent = "the connection to the broker broke before the message was sent";
const noMatchingSubscribers = 0x10;
const packetTooLarge = 0x95;
const retainNotSupported = 0x9a;
const qosNotSupported = 0x9b;

takeEveryPubackCode();

/** Connects in the background and for ever. MQTT.js keeps nothing for us: what has no PUBACK is failed when the connection breaks. */
export function startMqttPublisher(options: MqttOptions, events: MqttEvents): MqttPublisher {
  const timing = { ...defaultTiming, ...options.timing };
  const retry = backoff({ minMs: timing.firstRetryMs, maxMs: timing.longestRetryMs });
  const window = createWindow(options.maxInflight);
  const pending = new Set<Pending>();
  const will = { topic: options.statusTopic, payload: Buffer.from("offline"), qos: 1 as 0 | 1, retain: true };
  let limits = limitsOf(undefined);
  let online = false;
  let closing = false;
  /** Why the present attempt or connection came to its end. */
  let trouble: Error | undefined;
  let lastHeardMs = 0;
  /** Some brokers hang up on a message that they refuse: after a break one is sent at first, so that it is found alone. */
  let careful = false;
  const client = connect(options.url, {
    ...clientOptions(options),
    will,
    connectTimeout: timing.connackMs,
    reconnectPeriod: retry.next(),
  });

  client.on("connect", (connack) => {
    retry.reset();
    client.options.reconnectPeriod = retry.next();
    limits = limitsOf(connack);
    window.reset(careful ? 1 : room(), new PublishError("offline", unsent));
    if (options.qos > limits.qos || !limits.retain) {
      events.onReduced({ qos: Math.min(options.qos, limits.qos), retainAvailable: limits.retain });
    }
    online = true;
    sayStatus("online").catch((error: unknown) => {
      if (online) events.onTrouble(`the status could not be published on ${options.statusTopic}`, error);
    });
    events.onChange(true);
  });
  client.on("reconnect", () => {
    trouble = undefined;
    client.options.reconnectPeriod = retry.next();
    try {
      renewTlsFiles(client, options);
    } catch (error) {
      events.onTrouble(unusable, error);
    }
  });
  client.on("close", () => {
    const wasOnline = online;
    online = false;
    if (!closing) events.onTrouble(reasonOf(trouble, wasOnline), trouble);
    if (!wasOnline) return;
    careful = pending.size > 0;
    const underWay = "the connection to the broker broke before the PUBACK";
    const broken = new PublishError("offline", underWay, { alone: pending.size === 1 });
    // In the order in which they were published, which is the order in which they will be published again.
    for (const entry of [...pending]) entry.fail(broken);
    window.reset(options.maxInflight, new PublishError("offline", unsent));
    events.onChange(false);
  });
  client.on("disconnect", ({ reasonCode }) => {
    const text = `the broker ended the connection (reason code ${reasonCode})`;
    trouble ??= Object.assign(new Error(text), { code: reasonCode });
    client.stream.destroy();
  });
  client.on("error", (error) => {
    trouble ??= error;
    // A broker that cannot keep this last will refuses the connection for it (MQTT 5, 3.2.2.3.4 and 3.2.2.3.5).
    const code = reasonCodeOf(error);
    if (code === retainNotSupported) will.retain = false;
    if (code === qosNotSupported) will.qos = 0;
    // MQTT.js would go on after a packet that it could not read, and hear nothing more.
    client.stream.destroy();
  });
  client.on("packetreceive", (packet) => {
    lastHeardMs = performance.now();
    // Here alone MQTT.js shows it: to the callback of the publish it is a success like any other.
    if ((packet.cmd !== "puback" && packet.cmd !== "pubrec") || packet.reasonCode !== noMatchingSubscribers) return;
    for (const entry of pending) {
      if (entry.messageId !== packet.messageId) continue;
      entry.unheard = true;
      return;
    }
  });

  // One timer for all: a broker that says nothing at all in that time is hung, and only a new connection helps.
  const sweeper = setInterval(() => {
    const nowMs = performance.now();
    for (const entry of pending) {
      if (nowMs - entry.sentMs < timing.pubackMs) break;
      if (lastHeardMs < entry.sentMs) {
        client.stream.destroy();
        return;
      }
      entry.fail(new PublishError("no-puback", `no PUBACK within ${timing.pubackMs} ms`));
    }
  }, timing.pubackMs / 20);
  sweeper.unref();

  function room(): number {
    return Math.min(options.maxInflight, limits.inFlight);
  }

  function reasonOf(error: Error | undefined, wasOnline: boolean): string {
    if (error !== undefined) return explainBrokerError(error, options.protocolVersion);
    return wasOnline ? "the connection broke" : hungUp(options);
  }

  /** False when the broker says that nobody subscribes. */
  async function sendInTurn(topic: string, payload: string, publishOptions: IClientPublishOptions): Promise<boolean> {
    await window.enter();
    if (!online) throw new PublishError("offline", unsent);
    try {
      return await send(topic, payload, publishOptions);
    } finally {
      if (online) window.leave();
    }
  }

  function send(topic: string, payload: string, publishOptions: IClientPublishOptions): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const entry: Pending = {
        sentMs: performance.now(),
        unheard: false,
        fail: (error) => {
          if (!pending.delete(entry)) return;
          reject(error);
          if (entry.messageId !== undefined) client.removeOutgoingMessage(entry.messageId);
        },
      };
      pending.add(entry);
      client.publish(topic, payload, publishOptions, (error) => {
        if (!pending.delete(entry)) return;
        const reasonCode = error ? reasonCodeOf(error) : entry.unheard ? noMatchingSubscribers : 0;
        if (reasonCode !== undefined) events.onAnswer(reasonCode, performance.now() - entry.sentMs);
        if (error === null || error === undefined) resolve(!entry.unheard);
        else reject(refusal(error));
      });
      if (publishOptions.qos !== 0) entry.messageId = client.getLastMessageId();
    });
  }

  async function sayStatus(status: "online" | "offline"): Promise<void> {
    await sendInTurn(options.statusTopic, status, { qos: limits.qos === 0 ? 0 : 1, retain: limits.retain });
  }

  return {
    online: () => online,
    inFlight: () => pending.size,
    publish: async (message) => {
      if (!online) throw new PublishError("offline", "no connection to the broker");
      const qos = Math.min(message.qos ?? options.qos, limits.qos) as 0 | 1 | 2;
      const bytes = publishPacketBytes(message, qos, options.messageExpirySeconds !== undefined);
      if (bytes > limits.packetBytes) {
        const text = `the broker takes packets of ${limits.packetBytes} bytes at most, this one has ${bytes}`;
        throw new PublishError("refused", text, { reasonCode: packetTooLarge });
      }
      const retain = (message.retain ?? options.retain) && limits.retain;
      const properties = propertiesOf(message, options);
      const heard = await sendInTurn(message.topic, message.payload, { qos, retain, properties });
      window.widen(room());
      if (!heard) events.onNoSubscriber(message);
    },
    close: async (hurry) => {
      closing = true;
      clearInterval(sweeper);
      if (online) {
        const goodbye = sayStatus("offline").then(() => client.endAsync());
        // Without the goodbye the broker publishes the last will, which says the same.
        const said = Promise.race([goodbye, aborted(hurry)]);
        await withDeadline(said, timing.goodbyeMs, "the goodbye to the broker").catch(() => undefined);
      }
      await client.endAsync(true);
      // An end that is forced after a graceful one that hangs does nothing.
      client.stream.destroy();
    },
  };
}

function limitsOf(connack: IConnackPacket | undefined): Limits {
  const allowed = connack?.properties;
  return {
    qos: allowed?.maximumQoS ?? 2,
    retain: allowed?.retainAvailable ?? true,
    packetBytes: allowed?.maximumPacketSize ?? Number.POSITIVE_INFINITY,
    inFlight: allowed?.receiveMaximum ?? 65_535,
  };
}

/** A broker of MQTT 3.1.1 alone may hang up on a CONNECT of MQTT 5 without a word. */
function hungUp({ protocolVersion }: MqttOptions): string {
  const other = protocolVersion === 5 ? ", or is it one for MQTT_PROTOCOL_VERSION=4" : "";
  return `the connection was closed without an answer (is an MQTT broker at that address${other}?)`;
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    signal?.addEventListener("abort", () => resolve(), { once: true });
  });
}

function reasonCodeOf(error: Error): number | undefined {
  return "code" in error && typeof error.code === "number" ? error.code : undefined;
}

function refusal(error: Error): PublishError {
  const reasonCode = reasonCodeOf(error);
  if (reasonCode === undefined) return new PublishError("offline", error.message, { cause: error });
  return new PublishError("refused", error.message, { reasonCode, cause: error });
}
