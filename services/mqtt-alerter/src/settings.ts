import { randomBytes } from "node:crypto";
import {
  checkEach,
  checkNatsSettings,
  commonSettings,
  type Environment,
  loadSettings,
  natsSettings,
  oneOf,
  parsed,
  readableFile,
  type Setting,
  type SettingsOf,
  secretText,
  text,
  tlsFilesCheck,
  toggle,
  urlList,
  wholeNumber,
} from "@sense-alerts/service-kit";
import { parseTaskTypes, taskTypesAllowed } from "./alerts/task-types.js";
import {
  alertPlaceholders,
  parseSpaceReplacement,
  parseTopic,
  renderTopic,
  type TopicTemplate,
} from "./alerts/topic.js";
import type { BrokerAddress, MqttOptions } from "./mqtt/mqtt-options.js";
import { checkQrsSettings, qrsSettings } from "./qrs/qrs-settings.js";
import { checkStartSettings, startSettings, withoutUnusedTopics } from "./task-start/start-settings.js";

export const mqttAlerterSettings = {
  NATS_CONSUMER: parsed((given) => (/^[A-Za-z0-9_-]+$/.test(given) ? given : undefined), {
    allowed: "letters, digits, - and _",
    default: "mqtt-alerter",
    desc: "Name of the two durable consumers, with `-basic` and `-full` behind it; all replicas share them",
  }),
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
  ALERT_MAX_AGE_MINUTES: wholeNumber({
    default: 1_440,
    min: 1,
    max: 525_600,
    desc: "What is older is not alerted, but counted, when the durable consumer is made: at the first start, or after it was deleted",
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
  TASK_FAILURE_TOPIC: topic("qliksense/task_failure", { desc: "Task failed: the bare task name" }),
  TASK_FAILURE_SEND_FULL: toggle({ default: true, desc: "Task failed: whether the full message is sent too" }),
  TASK_FAILURE_FULL_TOPIC: topic("qliksense/task_failure_full", { desc: "Task failed: the full message, JSON" }),
  TASK_FAILURE_SERVER_STATUS_TOPIC: topic("qliksense/butler/task_failure_server", {
    placeholders: [],
    desc: "UDP server `start`, `error` and `stop`",
  }),
  TASK_ABORTED_TOPIC: topic("qliksense/task_aborted", { desc: "Task aborted: the bare task name" }),
  TASK_ABORTED_SEND_FULL: toggle({ default: true, desc: "Task aborted: whether the full message is sent too" }),
  TASK_ABORTED_FULL_TOPIC: topic("qliksense/task_aborted_full", { desc: "Task aborted: the full message, JSON" }),
  TASK_SUCCESS_TOPIC: topic(undefined, {
    example: "qliksense/task_success",
    desc: "Task succeeded: the bare task name; empty = not sent",
  }),
  TASK_SUCCESS_SEND_FULL: toggle({ default: false, desc: "Task succeeded: whether the full message is sent" }),
  TASK_SUCCESS_FULL_TOPIC: topic("qliksense/task_success_full", { desc: "Task succeeded: the full message, JSON" }),
  TOPIC_SPACE_REPLACEMENT: parsed(parseSpaceReplacement, {
    allowed: "text without a blank, /, +, # or a control character",
    default: undefined,
    example: "_",
    desc: "What takes the place of each blank in the value of a placeholder in a topic, for brokers that take no blanks there, such as NATS; unset = blanks stay",
  }),
  ...startSettings,
  ...qrsSettings,
  ALERT_TASK_TYPES: parsed(parseTaskTypes, {
    allowed: taskTypesAllowed,
    default: undefined,
    defaultText: "all",
    example: "reload,distribute",
    desc: "Types of tasks that are alerted: some of reload, externalprogram, usersync, distribute, preload, with commas between them; needs QRS_URL. Unless all are, the basic message waits for QRS too; a task whose type QRS cannot tell is alerted",
  }),
};

/** Every setting of the service. */
export const spec = { ...mqttAlerterSettings, ...natsSettings, ...commonSettings };

export type MqttAlerterSettings = Omit<SettingsOf<typeof spec>, "MQTT_STATUS_TOPIC"> & {
  readonly MQTT_STATUS_TOPIC: TopicTemplate | undefined;
};

/** Throws a SettingsError that lists all that is wrong. */
export function readSettings(env: Environment): MqttAlerterSettings {
  const checks = checkEach(
    ...[checkNatsSettings, checkLogin, checkTlsFiles, checkTlsUrl, checkExpiry, checkQrsSettings, checkTaskTypes],
    checkStartSettings,
  );
  const settings = loadSettings(spec, withoutUnusedTopics(env), checks);
  // Blank means unset for every other setting with a default; here it means off.
  return env["MQTT_STATUS_TOPIC"]?.trim() === "" ? { ...settings, MQTT_STATUS_TOPIC: undefined } : settings;
}

/** What the publisher is started with. */
export function mqttOptionsOf(settings: MqttAlerterSettings): MqttOptions {
  const [first, ...others] = settings.MQTT_URL.map((url) => addressOf(url, settings));
  if (first === undefined) throw new TypeError("MQTT_URL is empty");
  const { MQTT_STATUS_TOPIC: statusTopic, INSTANCE_ID: instanceId } = settings;
  return {
    brokers: [first, ...others],
    // Random unless set: two processes with one client id, even on one host, would disconnect each other for ever.
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

/** A broker without the login, which MQTT.js would split wrongly at a colon. Throws a URIError when it is not well encoded. */
function addressOf(text: string, { MQTT_USERNAME, MQTT_PASSWORD }: MqttAlerterSettings): BrokerAddress {
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

type TopicOptions = { readonly desc: string; readonly example?: string; readonly placeholders?: readonly string[] };

function topic(fallback: string, options: TopicOptions): Setting<TopicTemplate>;
function topic(fallback: undefined, options: TopicOptions): Setting<TopicTemplate | undefined>;
function topic(fallback: string | undefined, options: TopicOptions): Setting<TopicTemplate | undefined> {
  const { placeholders = alertPlaceholders, desc, example = fallback } = options;
  const parse = (given: string): TopicTemplate => parseTopic(given.trim(), placeholders);
  const described = { allowed: topicAllowed(placeholders), desc, ...(example === undefined ? {} : { example }) };
  return fallback === undefined
    ? parsed(parse, { ...described, default: undefined, defaultText: "empty" })
    : parsed(parse, { ...described, default: parse(fallback), defaultText: fallback });
}

function topicAllowed(placeholders: readonly string[]): string {
  const names = placeholders.map((name) => `{${name}}`).join(" ");
  return `a topic to publish to, without + and #${names === "" ? "" : `; it may hold ${names}`}`;
}

function checkLogin(values: MqttAlerterSettings) {
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
function checkTlsUrl(values: MqttAlerterSettings) {
  const files = (["MQTT_TLS_CA_FILE", "MQTT_TLS_CERT_FILE"] as const).filter((name) => values[name] !== undefined);
  if (files.length === 0 || values.MQTT_URL.every((url) => /^(mqtts|wss):/i.test(url))) return [];
  const example = "mqtts://broker.example.com:8883";
  return [
    { name: "MQTT_URL", message: `must start with mqtts:// or wss:// when ${files.join(" and ")} is set`, example },
  ];
}

function checkExpiry({ MQTT_MESSAGE_EXPIRY_SECONDS, MQTT_PROTOCOL_VERSION }: MqttAlerterSettings) {
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

/** The type of a task is in no datagram. */
function checkTaskTypes({ ALERT_TASK_TYPES, QRS_URL }: MqttAlerterSettings) {
  if (ALERT_TASK_TYPES === undefined || QRS_URL !== undefined) return [];
  return [
    { name: "QRS_URL", message: "must be set together with ALERT_TASK_TYPES: only QRS knows the type of a task" },
  ];
}
