import { backoff, withDeadline } from "@sense-alerts/service-kit";
import { connect, type IConnackPacket, ReasonCodes } from "mqtt";
import type { AlertMessage } from "../alerts/alert-messages.js";
import { explainBrokerError } from "./broker-error.js";
import { clientOptions, renewTlsFiles } from "./client-options.js";
import { defaultTiming, type MqttOptions } from "./mqtt-options.js";
import { setUpMqttPacket } from "./mqtt-packet-setup.js";
import { createOutgoing, type OnSent } from "./outgoing.js";
import { siftPubacks } from "./puback-sieve.js";
import { PublishError } from "./publish-error.js";
import { encodePublish, type PublishContent } from "./publish-packet.js";

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
  /** There is room for another message while none waits its turn, or may be: see `hasRoom`. */
  readonly onRoom: () => void;
};

/** Told once: with a PublishError when the broker has not taken the message. */
type OnPublished = (error: PublishError | undefined) => void;

export type MqttPublisher = {
  online(): boolean;
  /** Messages without their PUBACK. */
  inFlight(): number;
  /** Whether what is sent now goes out at once. */
  hasRoom(): boolean;
  /**
   * Waits its turn in the order of the calls, then sends. Tells of success at the PUBACK (QoS 1), the PUBCOMP (QoS 2) or when
   * written (QoS 0); of failure as soon as the connection breaks and within the deadline after the sending, and before it returns when there
   * is no connection. The message is then forgotten here, nothing is sent again behind the caller's back.
   */
  send(message: AlertMessage, onPublished: OnPublished): void;
  /** The same: resolves, or rejects with a PublishError. */
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

const unusable =
  "a TLS file cannot be used, what it held before is (check MQTT_TLS_CA_FILE, MQTT_TLS_CERT_FILE and MQTT_TLS_KEY_FILE)";
const packetTooLarge = 0x95;
const retainNotSupported = 0x9a;
const qosNotSupported = 0x9b;

setUpMqttPacket();

/**
 * Connects in the background and for ever. The connection and its life are MQTT.js' matter; what is published goes past it, straight to the
 * stream, and nothing is kept: what has no PUBACK is failed when the connection breaks.
 */
export function startMqttPublisher(options: MqttOptions, events: MqttEvents): MqttPublisher {
  const timing = { ...defaultTiming, ...options.timing };
  const retry = backoff({ minMs: timing.firstRetryMs, maxMs: timing.longestRetryMs });
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
  const outgoing = createOutgoing({
    write: (bytes, onWritten) => {
      client.stream.write(bytes, (error) => {
        if (error === null || error === undefined) onWritten();
      });
    },
    maxInflight: options.maxInflight,
    pubackMs: timing.pubackMs,
    onAnswer: events.onAnswer,
    onRoom: events.onRoom,
    meaningOf: (code) => Object.entries(ReasonCodes).find(([known]) => known === String(code))?.[1] ?? `code ${code}`,
  });

  function onPuback(id: number, reasonCode: number): void {
    lastHeardMs = performance.now();
    outgoing.answered("puback", id, reasonCode);
  }

  siftPubacks(client.stream, onPuback);
  client.on("connect", (connack) => {
    retry.reset();
    client.options.reconnectPeriod = retry.next();
    limits = limitsOf(connack);
    outgoing.opened(careful ? 1 : room());
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
    // MQTT.js makes the new stream when all have heard of this, and what comes of it comes later.
    queueMicrotask(() => siftPubacks(client.stream, onPuback));
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
    careful = outgoing.broke() > 0;
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
    const { cmd } = packet;
    // MQTT.js knows nothing of these messages, and leaves their acknowledgements alone.
    if (cmd === "puback" || cmd === "pubrec" || cmd === "pubcomp") {
      outgoing.answered(cmd, packet.messageId ?? 0, packet.reasonCode ?? 0);
    }
  });

  // One timer for all: a broker that says nothing at all in that time is hung, and only a new connection helps.
  const sweeper = setInterval(() => {
    if (outgoing.sweep(lastHeardMs)) client.stream.destroy();
  }, timing.pubackMs / 20);
  sweeper.unref();

  function room(): number {
    return Math.min(options.maxInflight, limits.inFlight);
  }

  function reasonOf(error: Error | undefined, wasOnline: boolean): string {
    if (error !== undefined) return explainBrokerError(error, options.protocolVersion);
    return wasOnline ? "the connection broke" : hungUp(options);
  }

  function transmit(content: PublishContent, qos: 0 | 1 | 2, retain: boolean, onSent: OnSent): void {
    if (!online) {
      onSent(new PublishError("offline", "no connection to the broker"), false);
      return;
    }
    const packet = encodePublish(content, qos, retain, options);
    if (packet.bytes.length > limits.packetBytes) {
      const text = `the broker takes packets of ${limits.packetBytes} bytes at most, this one has ${packet.bytes.length}`;
      onSent(new PublishError("refused", text, { reasonCode: packetTooLarge }), false);
    } else outgoing.send(packet, onSent);
  }

  function send(message: AlertMessage, onPublished: OnPublished): void {
    const qos = Math.min(message.qos ?? options.qos, limits.qos) as 0 | 1 | 2;
    const retain = (message.retain ?? options.retain) && limits.retain;
    transmit(message, qos, retain, (error, isHeard) => {
      if (error === undefined) {
        outgoing.widen(room());
        if (!isHeard) events.onNoSubscriber(message);
      }
      onPublished(error);
    });
  }

  function sayStatus(payload: "online" | "offline"): Promise<void> {
    const content = { topic: options.statusTopic, payload };
    return new Promise((resolve, reject) => {
      transmit(content, limits.qos === 0 ? 0 : 1, limits.retain, (error) => (error ? reject(error) : resolve()));
    });
  }

  return {
    online: () => online,
    inFlight: outgoing.inFlight,
    hasRoom: () => online && outgoing.hasRoom(),
    send,
    publish: (message) =>
      new Promise((resolve, reject) => {
        send(message, (error) => (error ? reject(error) : resolve()));
      }),
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
