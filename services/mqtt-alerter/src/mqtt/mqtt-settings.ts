import { randomBytes } from "node:crypto";
import {
  checkEach,
  oneOf,
  readableFile,
  type SettingsOf,
  secretText,
  text,
  tlsFilesCheck,
  toggle,
  urlList,
  wholeNumber,
} from "@sense-alerts/service-kit";
import { renderTopic, type TopicTemplate } from "../alerts/topic.js";
import { topic } from "../alerts/topic-setting.js";
import type { BrokerAddress, MqttOptions } from "./mqtt-options.js";

/** The settings of the connection to the broker. */
export const mqttSettings = {
  MQTT_URL: urlList({
    protocols: ["mqtt", "mqtts", "ws", "wss"],
    default: ["mqtt://localhost:1883"],
    example: "mqtts://broker.example.com:8883",
    desc: "The MQTT broker; several, with commas between them, are tried in turn",
  }),
  MQTT_USERNAME: text({ default: undefined, example: "sense-alerts", desc: "User name for the broker" }),
  MQTT_PASSWORD: secretText({ default: undefined, desc: "Password for the broker" }),
  MQTT_CLIENT_ID: text({
    default: undefined,
    defaultText: "INSTANCE_ID and some random characters",
    example: "sense-alerts-1",
    desc: "Client id; no two clients of a broker may have the same",
  }),
  MQTT_PROTOCOL_VERSION: oneOf({
    choices: ["auto", 5, 4],
    default: "auto",
    desc: "5 = MQTT 5, 4 = MQTT 3.1.1, auto = MQTT 5, and 3.1.1 if the broker does not accept that",
  }),
  MQTT_QOS: oneOf({
    choices: [0, 1],
    default: 1,
    desc: "QoS of the alerts; with 0 an alert may be lost. QoS 2 is not offered: its state is lost with the connection, so it repeats like QoS 1",
  }),
  MQTT_RETAIN: toggle({ default: false, desc: "Whether the broker keeps the last alert of each topic" }),
  MQTT_MESSAGE_EXPIRY_SECONDS: wholeNumber({
    default: undefined,
    min: 1,
    max: 4_294_967_295,
    example: "86400",
    desc: "How long the broker keeps an alert for a subscriber that is away (MQTT 5)",
  }),
  MQTT_KEEPALIVE_SECONDS: wholeNumber({
    default: 30,
    min: 1,
    max: 65_535,
    desc: "Silence after which the connection to the broker is tested",
  }),
  MQTT_PUBACK_TIMEOUT_SECONDS: wholeNumber({
    default: 30,
    min: 1,
    max: 3_600,
    desc: "How long a message waits for its PUBACK before the connection is made again, or its topic counts as refused if others are acknowledged",
  }),
  MQTT_REFUSED_AFTER_MINUTES: wholeNumber({
    default: 10,
    min: 1,
    max: 10_080,
    desc: "How long messages for a topic that the broker refuses are retried before they become dead letters",
  }),
  MQTT_TLS_CA_FILE: readableFile({
    default: undefined,
    example: "/run/secrets/mqtt-ca.pem",
    desc: "CA certificates (PEM) that the broker is checked by",
  }),
  MQTT_TLS_CERT_FILE: readableFile({
    default: undefined,
    example: "/run/secrets/mqtt-cert.pem",
    desc: "Client certificate (PEM) for the broker",
  }),
  MQTT_TLS_KEY_FILE: readableFile({
    default: undefined,
    example: "/run/secrets/mqtt-key.pem",
    desc: "Key (PEM) of the client certificate for the broker",
  }),
  MQTT_TLS_INSECURE: toggle({ default: false, desc: "Takes any certificate of the broker: for tests only" }),
  MQTT_MAX_INFLIGHT: wholeNumber({
    default: 256,
    min: 1,
    max: 65_535,
    desc: "Messages without their PUBACK, at most; the broker's Receive Maximum counts too",
  }),
  MQTT_STATUS_TOPIC: topic("qliksense/mqtt-alerter/{instanceId}/status", {
    placeholders: ["instanceId"],
    desc: "Where `online` and `offline` (last will) are published, retained; empty = neither",
  }),
  MQTT_STATUS_ON_STOP: oneOf({
    choices: ["offline", "clear"],
    default: "offline",
    desc: "What a stop leaves on MQTT_STATUS_TOPIC: `offline`, or nothing, for instances whose name does not return",
  }),
};

export type MqttSettings = Omit<SettingsOf<typeof mqttSettings>, "MQTT_STATUS_TOPIC"> & {
  readonly MQTT_STATUS_TOPIC: TopicTemplate | undefined;
};

type InstanceSettings = { readonly INSTANCE_ID: string; readonly TOPIC_SPACE_REPLACEMENT: string | undefined };

/** What the publisher is started with. */
export function mqttOptionsOf(settings: MqttSettings & InstanceSettings): MqttOptions {
  const [first, ...others] = settings.MQTT_URL.map((url) => addressOf(url, settings));
  if (first === undefined) throw new TypeError("MQTT_URL is empty");
  const { MQTT_STATUS_TOPIC: statusTopic, INSTANCE_ID: instanceId } = settings;
  return {
    brokers: [first, ...others],
    // Random unless set: two processes with one client id, even on one host, would disconnect each other again and
    // again.
    clientId: settings.MQTT_CLIENT_ID ?? `mqtt-alerter-${instanceId}-${randomBytes(4).toString("hex")}`,
    protocolVersion: settings.MQTT_PROTOCOL_VERSION,
    qos: settings.MQTT_QOS,
    retain: settings.MQTT_RETAIN,
    messageExpirySeconds: settings.MQTT_MESSAGE_EXPIRY_SECONDS,
    keepaliveSeconds: settings.MQTT_KEEPALIVE_SECONDS,
    tlsCaFile: settings.MQTT_TLS_CA_FILE,
    tlsCertFile: settings.MQTT_TLS_CERT_FILE,
    tlsKeyFile: settings.MQTT_TLS_KEY_FILE,
    tlsInsecure: settings.MQTT_TLS_INSECURE,
    maxInflight: settings.MQTT_MAX_INFLIGHT,
    statusTopic: statusTopic && renderTopic(statusTopic, { instanceId }, settings.TOPIC_SPACE_REPLACEMENT),
    statusOnStop: settings.MQTT_STATUS_ON_STOP,
    pubackTimeoutMs: settings.MQTT_PUBACK_TIMEOUT_SECONDS * 1_000,
    refusedAfterMs: settings.MQTT_REFUSED_AFTER_MINUTES * 60_000,
  };
}

/**
 * A broker without the login, which MQTT.js would split wrongly at a colon. Throws a URIError when it is not well
 * encoded.
 */
function addressOf(
  text: string,
  { MQTT_USERNAME, MQTT_PASSWORD }: Pick<MqttSettings, "MQTT_USERNAME" | "MQTT_PASSWORD">,
): BrokerAddress {
  const url = new URL(text);
  const { username, password } = url;
  url.username = "";
  url.password = "";
  return {
    url: url.href,
    // The login in the URL counts where the variables say nothing.
    username: MQTT_USERNAME ?? (username === "" ? undefined : decodeURIComponent(username)),
    password: MQTT_PASSWORD ?? (password === "" ? undefined : decodeURIComponent(password)),
  };
}

function checkLogin(values: SettingsOf<typeof mqttSettings>) {
  try {
    const addresses = values.MQTT_URL.map((url) => addressOf(url, values));
    if (addresses.every(({ username, password }) => username !== undefined || password === undefined)) return [];
    return [{ name: "MQTT_USERNAME", message: "must be set together with MQTT_PASSWORD" }];
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return [{ name: "MQTT_URL", message: "must have each % in its user or password written as %25" }];
  }
}

const checkTlsFiles = tlsFilesCheck({
  ca: "MQTT_TLS_CA_FILE",
  cert: "MQTT_TLS_CERT_FILE",
  key: "MQTT_TLS_KEY_FILE",
});

/** A CA or a certificate on a plain connection would be passed over without a word. */
function checkTlsUrl(values: SettingsOf<typeof mqttSettings>) {
  const files = (["MQTT_TLS_CA_FILE", "MQTT_TLS_CERT_FILE"] as const).filter((name) => values[name] !== undefined);
  if (files.length === 0 || values.MQTT_URL.every((url) => /^(mqtts|wss):/i.test(url))) return [];
  const example = "mqtts://broker.example.com:8883";
  return [
    { name: "MQTT_URL", message: `must start with mqtts:// or wss:// when ${files.join(" and ")} is set`, example },
  ];
}

function checkExpiry({ MQTT_MESSAGE_EXPIRY_SECONDS, MQTT_PROTOCOL_VERSION }: SettingsOf<typeof mqttSettings>) {
  if (MQTT_MESSAGE_EXPIRY_SECONDS === undefined || MQTT_PROTOCOL_VERSION !== 4) return [];
  return [
    {
      name: "MQTT_MESSAGE_EXPIRY_SECONDS",
      message: "must not be set with MQTT_PROTOCOL_VERSION=4: MQTT 3.1.1 has no expiry",
      exampleName: "MQTT_PROTOCOL_VERSION",
      example: "5",
    },
  ];
}

export const checkMqttSettings = checkEach<SettingsOf<typeof mqttSettings>>(
  checkLogin,
  checkTlsFiles,
  checkTlsUrl,
  checkExpiry,
);
