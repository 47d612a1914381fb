import { mqttAlerterSettings } from "@sense-alerts/mqtt-alerter/settings";
import {
  commonSettings,
  describeSettings,
  natsSettings,
  type SettingDescription,
  type SettingsSpec,
} from "@sense-alerts/service-kit";
import { udpIngestSettings } from "@sense-alerts/udp-ingest/settings";
import { table } from "./markdown.js";

type Group = readonly [title: string, names: RegExp];

interface Part {
  readonly title: string;
  readonly spec: SettingsSpec;
  /** A setting belongs to the first group whose pattern its name matches. */
  readonly groups: readonly Group[];
}

const parts: readonly Part[] = [
  {
    title: "udp-ingest",
    spec: udpIngestSettings,
    groups: [
      ["Receiving datagrams", /^UDP_(?!FALLBACK)/],
      ["Reading datagrams", /^(UDP_FALLBACK|SENSE)_/],
      ["Keeping events while NATS is away", /^(BUFFER|SPOOL)_/],
    ],
  },
  {
    title: "mqtt-alerter",
    spec: mqttAlerterSettings,
    groups: [
      ["Reading events", /^NATS_CONSUMER/],
      ["The broker", /^MQTT_(?!STATUS)/],
      ["Which alerts go where", /^(ALERT_|MQTT_STATUS_|TASK_(FAILURE|ABORTED|SUCCESS)_|TOPIC_)/],
      ["Starting tasks by MQTT", /^(TASK_START|SUBSCRIPTION)_/],
      ["Qlik Repository Service (QRS)", /^QRS_/],
    ],
  },
  {
    title: "Both services",
    spec: { ...natsSettings, ...commonSettings },
    groups: [
      ["NATS", /^NATS_(?!STREAM|SUBJECT|DEDUP)/],
      ["The stream of events", /^NATS_/],
      ["The process", /./],
    ],
  },
];

const intro = `# Settings

<!-- Made from the settings' own descriptions by node tools/dist/src/settings-docs.js, and checked by a test: change the code, not this page. -->

Every setting is an environment variable; empty means unset. All are checked at start: what is wrong is listed at once, with what is
allowed and an example, and the service exits with code 78 before it opens anything. \`--check-config\` does that without a start, and
\`--print-config\` prints what is in force and where it comes from.

For every setting whose name does not end in \`_FILE\`, the same name with \`_FILE\` behind it gives the path of a file that holds the
value, such as a Docker or Kubernetes secret; setting both is an error. **Secret** in the tables: the value is in no log line, no
message and no output; give it as a file.
`;

/** docs/settings.md: every setting, in groups. Throws when one belongs to none. */
export function settingsPage(): string {
  return intro + parts.map(partOf).join("");
}

function partOf({ title, spec, groups }: Part): string {
  const groupOf = ({ name }: SettingDescription) => groups.find(([, names]) => names.test(name));
  const settings = describeSettings(spec);
  const lost = settings.filter((setting) => groupOf(setting) === undefined);
  if (lost.length > 0) throw new Error(`settings without a group: ${lost.map(({ name }) => name).join(", ")}`);
  const tables = groups.map((group) => {
    const rows = settings.filter((setting) => groupOf(setting) === group).map(rowOf);
    return `\n### ${group[0]}\n\n${table(["variable", "default", "meaning", "allowed", "example"], rows)}`;
  });
  return `\n## ${title}\n${tables.join("")}`;
}

function rowOf({ name, defaultText, description, allowed, example, secret }: SettingDescription): readonly string[] {
  const path = `${name}_FILE=/run/secrets/${name.toLowerCase().replaceAll("_", "-")}`;
  return [
    `\`${name}\``,
    defaultText,
    description,
    secret ? `${allowed}. **Secret**` : allowed,
    `\`${secret ? path : (example ?? "")}\``,
  ];
}
