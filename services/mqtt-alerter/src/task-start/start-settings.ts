import {
  checkEach,
  type Environment,
  loadSettings,
  parsed,
  SettingsError,
  type SettingsOf,
  textList,
  toggle,
} from "@sense-alerts/service-kit";
import { isMqttString } from "../alerts/mqtt-string.js";
import { mayRenderAs, parseTopic, type TopicTemplate } from "../alerts/topic.js";
import type { AllowList } from "./allow-list.js";
import { readGuid } from "./start-request.js";

/** The settings of starting tasks by MQTT. */
export const startSettings = {
  TASK_START_ENABLE: toggle({
    default: false,
    desc: "Whether messages on TASK_START_TOPIC start tasks; needs QRS_URL, and what may be started",
  }),
  SUBSCRIPTION_ROOT_TOPIC: parsed(parseFilter, {
    allowed: "a topic filter: + and # as whole levels, # as the last one",
    default: "qliksense/#",
    desc: "TASK_START_TOPIC must lie under it, as in Butler; it is not subscribed to. Only checked with TASK_START_ENABLE",
  }),
  TASK_START_TOPIC: parsed(plainTopic, {
    allowed: "a topic to publish to, without + and #, not beginning with $",
    default: "qliksense/start_task",
    desc: "Where requests are taken: a task GUID, or JSON with `taskId` and `requestId`",
  }),
  TASK_START_RESULT_TOPIC: parsed(plainTopic, {
    allowed: "a topic to publish to, without + and #, not beginning with $",
    default: "qliksense/start_task/result",
    desc: "Where every request is answered",
  }),
  TASK_START_ALLOWED_IDS: parsed(guidList, {
    allowed: "task GUIDs with commas between them",
    default: undefined,
    example: "5a4d2f0e-6f0b-4b1c-9d35-0f6f3c8f7a11",
    desc: "Tasks that may be started, by GUID, with commas between them",
  }),
  TASK_START_ALLOWED_TAGS: textList({
    default: undefined,
    example: "mqtt-start",
    desc: "Tags whose tasks may be started, with commas between them; letters count as they are written",
  }),
  TASK_START_ALLOWED_CUSTOM_PROPERTIES: parsed(propertyList, {
    allowed: "name=value with commas between them",
    default: undefined,
    example: "StartByMqtt=yes",
    desc: "Custom properties whose tasks may be started, as `name=value` with commas between them",
  }),
  TASK_START_ALLOW_ANY: toggle({
    default: false,
    desc: "Whether any task may be started, by whoever may publish on TASK_START_TOPIC",
  }),
};

export type StartSettings = SettingsOf<typeof startSettings>;

export function allowListOf(settings: StartSettings): AllowList {
  return {
    any: settings.TASK_START_ALLOW_ANY,
    ids: new Set(settings.TASK_START_ALLOWED_IDS ?? []),
    tags: new Set(settings.TASK_START_ALLOWED_TAGS ?? []),
    customProperties: (settings.TASK_START_ALLOWED_CUSTOM_PROPERTIES ?? []).map((text) => {
      const [name = "", value = ""] = splitOnce(text);
      return { name, value };
    }),
  };
}

/** The settings whose topics this service publishes on. */
const ownTopicNames = [
  ...["MQTT_STATUS_TOPIC", "TASK_FAILURE_SERVER_STATUS_TOPIC", "TASK_FAILURE_TOPIC", "TASK_FAILURE_FULL_TOPIC"],
  ...["TASK_ABORTED_TOPIC", "TASK_ABORTED_FULL_TOPIC", "TASK_SUCCESS_TOPIC", "TASK_SUCCESS_FULL_TOPIC"],
] as const;
type OwnTopicName = (typeof ownTopicNames)[number];
type SendFull = "TASK_FAILURE_SEND_FULL" | "TASK_ABORTED_SEND_FULL" | "TASK_SUCCESS_SEND_FULL";
type OwnTopics = Readonly<Record<OwnTopicName, TopicTemplate | undefined>> & Readonly<Record<SendFull, boolean>>;

/** Those of them that something is published on. */
function usedTopicNames(settings: OwnTopics): readonly OwnTopicName[] {
  const isSent = (name: string) =>
    !name.endsWith("_FULL_TOPIC") || settings[name.replace("FULL_TOPIC", "SEND_FULL") as SendFull];
  return ownTopicNames.filter((name) => settings[name] !== undefined && isSent(name));
}

/** Every topic that this service publishes on by itself; no request may have its answer sent to one of them. */
export function ownTopicsOf(settings: OwnTopics): readonly TopicTemplate[] {
  return usedTopicNames(settings).flatMap((name) => settings[name] ?? []);
}

type Checked = StartSettings & OwnTopics & { readonly QRS_URL: string | undefined };

const checkEnabled = checkEach<Checked>(
  ({ QRS_URL }) =>
    QRS_URL === undefined
      ? [{ name: "QRS_URL", message: "must be set when TASK_START_ENABLE is: QRS starts the tasks" }]
      : [],
  ({ TASK_START_TOPIC, SUBSCRIPTION_ROOT_TOPIC }) =>
    matches(SUBSCRIPTION_ROOT_TOPIC, TASK_START_TOPIC)
      ? []
      : [
          {
            name: "TASK_START_TOPIC",
            message: `must lie under SUBSCRIPTION_ROOT_TOPIC, which is ${SUBSCRIPTION_ROOT_TOPIC}`,
          },
        ],
  ({ TASK_START_TOPIC, TASK_START_RESULT_TOPIC }) =>
    TASK_START_TOPIC === TASK_START_RESULT_TOPIC
      ? [{ name: "TASK_START_RESULT_TOPIC", message: "must be another topic than TASK_START_TOPIC" }]
      : [],
  (settings) => {
    const name = usedTopicNames(settings).find((topic) => mayRenderAs(settings[topic], settings.TASK_START_TOPIC));
    const message = `must be another topic than ${name}: what is published there would come back as a request`;
    return name === undefined ? [] : [{ name: "TASK_START_TOPIC", message }];
  },
);

export const checkStartSettings = checkEach<Checked>((settings) =>
  settings.TASK_START_ENABLE ? checkEnabled(settings) : [],
);

/** The environment without the topics of starting tasks while that is off: nobody has to set right what is not used. */
export function withoutUnusedTopics(env: Environment): Environment {
  if (isEnabled(env)) return env;
  const unused = ["SUBSCRIPTION_ROOT_TOPIC", "TASK_START_TOPIC", "TASK_START_RESULT_TOPIC"];
  const isUsed = (name: string) => !unused.includes(name.replace(/_FILE$/, ""));
  return Object.fromEntries(Object.entries(env).filter(([name]) => isUsed(name)));
}

/** Also while that is unknown. */
function isEnabled(env: Environment): boolean {
  const { TASK_START_ENABLE } = startSettings;
  try {
    return loadSettings({ TASK_START_ENABLE }, env).TASK_START_ENABLE;
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return true;
  }
}

/** Whether a topic filter takes a topic (MQTT 5, 4.7). */
function matches(filter: string, topic: string): boolean {
  const levels = topic.split("/");
  const wanted = filter.split("/");
  if (topic.startsWith("$") && /^[+#]/.test(filter)) return false;
  for (const [index, level] of wanted.entries()) {
    if (level === "#") return true;
    if (level !== "+" && level !== levels[index]) return false;
    if (levels[index] === undefined) return false;
  }
  return levels.length === wanted.length;
}

function plainTopic(given: string): string {
  const { text } = parseTopic(given.trim(), []);
  if (text.startsWith("$")) throw new TypeError("must not begin with $: such topics are the broker's own");
  return text;
}

function parseFilter(given: string): string | undefined {
  const filter = given.trim();
  const levels = filter.split("/");
  const wrong = levels.some((level, index) => {
    if (level === "#") return index < levels.length - 1;
    return level !== "+" && /[+#]/.test(level);
  });
  return wrong || !isMqttString(filter) ? undefined : filter;
}

function guidList(given: string): readonly string[] {
  return list(given).map((entry) => {
    const id = readGuid(entry);
    if (id === undefined) throw new TypeError(`must be task GUIDs with commas between them (found ${entry})`);
    return id;
  });
}

function propertyList(given: string): readonly string[] {
  return list(given).map((entry) => {
    const [name, value] = splitOnce(entry);
    if (!name || !value) throw new TypeError(`must be name=value with commas between them (found ${entry})`);
    return `${name}=${value}`;
  });
}

/** At the first `=`: QRS allows letters, digits and few other signs in a name, and any text in a value. */
function splitOnce(entry: string): readonly [name: string | undefined, value: string | undefined] {
  const at = entry.indexOf("=");
  return at === -1 ? [undefined, undefined] : [entry.slice(0, at).trim(), entry.slice(at + 1).trim()];
}

function list(given: string): string[] {
  const entries = given.split(",").map((entry) => entry.trim());
  if (entries.join("") === "") throw new TypeError("must be a list with commas between its entries");
  return entries.filter((entry) => entry !== "");
}
