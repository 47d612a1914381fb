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
  url,
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
import type { MqttOptions } from "./mqtt/mqtt-options.js";
import { checkQrsSettings, qrsSettings } from "./qrs/qrs-settings.js";
import { checkStartSettings, startSettings, withoutUnusedTopics } from "./task-start/start-settings.js";

export const mqttAlerterSettings = {
  MQTT_URL: url({
    protocols: ["mqtt", "mqtts", "ws", "wss"],
    default: "mqtt://localhost:1883",
    example: "mqtts://broker.example.com:8883",
    desc: "The MQTT broker that alerts go to",
  }),
  MQTT_USERNAME: text({ default: undefined, example: "sense-alerts", desc: "User name for the broker" }),
  MQTT_PASSWORD: secretText({ default: undefined, desc: "Password for the broker" }),
  MQTT_CLIENT_ID: text({
    default: undefined,
    defaultText: "INSTANCE_ID and some random characters",
    example: "sense-alerts-1",
    desc: "Client id; no two clients of a broker may have the same",
  }),
  MQTT_PROTOCOL_VERSION: oneOf({ choices: [4, 5], default: 5, desc: "5 = MQTT 5, 4 = MQTT 3.1.1" }),
  MQTT_QOS: oneOf({
    choices: [0, 1, 2],
    default: 1,
    desc: "QoS of the alerts; with 0 an alert may be lost on its way",
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
    desc: "Events in hand, and messages without their PUBACK, at most; the broker's Receive Maximum counts too",
  }),
  ALERT_MAX_AGE_MINUTES: wholeNumber({
    default: 1_440,
    min: 1,
    max: 525_600,
    desc: "What is older is not alerted, but counted, when the durable consumer is made: at the first start, or after it was deleted",
  }),
  MQTT_STATUS_TOPIC: topic("qliksense/mqtt-alerter/{instanceId}/status", {
    placeholders: ["instanceId"],
    desc: "Where `online` and `offline` (last will) are published, retained",
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

export type MqttAlerterSettings = SettingsOf<typeof spec>;

/** Throws a SettingsError that lists all that is wrong. */
export function readSettings(env: Environment): MqttAlerterSettings {
  const checks = checkEach(
    ...[checkNatsSettings, checkLogin, checkTlsFiles, checkTlsUrl, checkExpiry, checkQrsSettings, checkTaskTypes],
    checkStartSettings,
  );
  return loadSettings(spec, withoutUnusedTopics(env), checks);
}

/** What the publisher is started with. */
export function mqttOptionsOf(settings: MqttAlerterSettings): MqttOptions {
  const url = new URL(settings.MQTT_URL);
  const { username, password } = loginOf(settings);
  url.username = "";
  url.password = "";
  return {
    url: url.href,
    username,
    password,
    // Random unless set: two processes with one client id, even on one host, would throw each other out for ever.
    clientId: settings.MQTT_CLIENT_ID ?? `mqtt-alerter-${settings.INSTANCE_ID}-${randomBytes(4).toString("hex")}`,
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
    statusTopic: statusTopicOf(settings),
  };
}

function statusTopicOf({ MQTT_STATUS_TOPIC, INSTANCE_ID, TOPIC_SPACE_REPLACEMENT }: MqttAlerterSettings): string {
  return renderTopic(MQTT_STATUS_TOPIC, { instanceId: INSTANCE_ID }, TOPIC_SPACE_REPLACEMENT) ?? "";
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

/** The login in the URL counts where the variables say nothing. Throws a URIError when the URL's is not well encoded. */
function loginOf({ MQTT_URL, MQTT_USERNAME, MQTT_PASSWORD }: MqttAlerterSettings) {
  const { username, password } = new URL(MQTT_URL);
  return {
    username: MQTT_USERNAME ?? (username === "" ? undefined : decodeURIComponent(username)),
    password: MQTT_PASSWORD ?? (password === "" ? undefined : decodeURIComponent(password)),
  };
}

function checkLogin(values: MqttAlerterSettings) {
  try {
    const { username, password } = loginOf(values);
    if (username !== undefined || password === undefined) return [];
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
  if (files.length === 0 || /^(mqtts|wss):/i.test(values.MQTT_URL)) return [];
  const example = "mqtts://broker.example.com:8883";
  return [
    { name: "MQTT_URL", message: `must start with mqtts:// or wss:// when ${files.join(" and ")} is set`, example },
  ];
}

function checkExpiry({ MQTT_MESSAGE_EXPIRY_SECONDS, MQTT_PROTOCOL_VERSION }: MqttAlerterSettings) {
  if (MQTT_MESSAGE_EXPIRY_SECONDS === undefined || MQTT_PROTOCOL_VERSION === 5) return [];
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
