import {
  checkEach,
  checkNatsSettings,
  commonSettings,
  type Environment,
  loadSettings,
  natsSettings,
  parsed,
  type SettingsOf,
  toggle,
  wholeNumber,
} from "@sense-alerts/service-kit";
import { parseTaskTypes, taskTypesAllowed } from "./alerts/task-types.js";
import type { TopicTemplate } from "./alerts/topic.js";
import { topic } from "./alerts/topic-setting.js";
import { checkMqttSettings, mqttSettings } from "./mqtt/mqtt-settings.js";
import { checkQrsSettings, qrsSettings } from "./qrs/qrs-settings.js";
import { checkStartSettings, startSettings } from "./task-start/start-settings.js";

export { mqttOptionsOf } from "./mqtt/mqtt-settings.js";

export const mqttAlerterSettings = {
  NATS_CONSUMER: parsed((given) => (/^[A-Za-z0-9_-]+$/.test(given) ? given : undefined), {
    allowed: "letters, digits, - and _",
    default: "mqtt-alerter",
    desc: "Name of the two durable consumers, with `-basic` and `-full` behind it; all replicas share them",
  }),
  ...mqttSettings,
  ALERT_MAX_AGE_MINUTES: wholeNumber({
    default: 1_440,
    min: 1,
    max: 525_600,
    desc: "What is older is not alerted, but counted, when the durable consumer is made: at the first start, or after it was deleted",
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
  const checks = checkEach<SettingsOf<typeof spec>>(
    checkNatsSettings,
    checkMqttSettings,
    checkQrsSettings,
    checkTaskTypes,
    checkStartSettings,
  );
  const settings = loadSettings(spec, env, checks);
  // Blank means unset for every other setting with a default; here it means off.
  return env["MQTT_STATUS_TOPIC"]?.trim() === "" ? { ...settings, MQTT_STATUS_TOPIC: undefined } : settings;
}

/** The type of a task is in no datagram. */
function checkTaskTypes({ ALERT_TASK_TYPES, QRS_URL }: MqttAlerterSettings) {
  if (ALERT_TASK_TYPES === undefined || QRS_URL !== undefined) return [];
  return [
    { name: "QRS_URL", message: "must be set together with ALERT_TASK_TYPES: only QRS knows the type of a task" },
  ];
}
