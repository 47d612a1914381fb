import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
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
import { settingsPage } from "./settings-page.js";

const both = { ...natsSettings, ...commonSettings };
const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Ports inside a container need no choice; instances of one service must not share a name, nor the services theirs. */
const fixedInContainers = ["UDP_HOST", "UDP_PORT", "HTTP_HOST", "HTTP_PORT", "INSTANCE_ID"];
/** Other defaults than without containers. */
const defaultsInContainers: Readonly<Record<string, string>> = {
  NATS_URL: "nats://nats:4222",
  MQTT_URL: "mqtt://mosquitto:1883",
  SPOOL_DIR: "/var/spool/udp-ingest",
};

/** What docs/running.md has of all the settings. */
const mostlySet = [
  ...["NATS_URL", "MQTT_URL", "MQTT_USERNAME", "MQTT_PASSWORD", "TASK_SUCCESS_TOPIC", "QRS_URL"],
  ...["UDP_PORT", "UDP_ALLOWED_SOURCES", "SENSE_TIMEZONE", "SPOOL_DIR", "HTTP_PORT", "LOG_LEVEL"],
];

/**
 * Files that document settings, each with the function that writes it, or the part between its marks, from the
 * descriptions of the settings.
 */
export const documents: readonly { readonly path: string; readonly renew: (text: string) => string }[] = [
  { path: join(root, "docs/running.md"), renew: withSettingsTable },
  { path: join(root, "docs/settings.md"), renew: settingsPage },
  { path: join(root, "docker-compose.yml"), renew: withEnvironments },
  { path: join(root, ".env.example"), renew: withExamples },
];

function withSettingsTable(markdown: string): string {
  const settings = describeSettings({ ...udpIngestSettings, ...mqttAlerterSettings, ...both });
  const rows = mostlySet.map((name) => {
    const { defaultText = "", description = "" } = settings.find((setting) => setting.name === name) ?? {};
    return [`\`${name}\``, defaultText, description];
  });
  return markdown.replace(
    /(<!-- settings -->\n)[\s\S]*?(<!-- end -->)/,
    (_, start: string, end: string) => `${start}\n${table(["variable", "default", "meaning"], rows)}\n${end}`,
  );
}

/** Every setting comes from .env; one that is empty is unset. A secret comes from a file. */
function withEnvironments(yaml: string): string {
  const specs: Readonly<Record<string, SettingsSpec>> = {
    "udp-ingest": { ...udpIngestSettings, ...both },
    "mqtt-alerter": { ...mqttAlerterSettings, ...both },
  };
  return yaml.replace(
    /( *# settings: ([\w-]+)\n)[\s\S]*?( *# end\n)/g,
    (_, start: string, name: string, end: string) => {
      const variables = describeSettings(specs[name] ?? {})
        .filter(isChosen)
        .map(variableOf);
      return `${start}${variables.map((variable) => `      ${variable}:${interpolated(variable)}\n`).join("")}${end}`;
    },
  );
}

function interpolated(variable: string): string {
  // Passed on only where it is set: when it is empty there is neither status nor last will.
  if (variable === "MQTT_STATUS_TOPIC") return "";
  const fallback = defaultsInContainers[variable];
  // An empty SPOOL_DIR turns the spool off.
  return ` "\${${variable}${variable === "SPOOL_DIR" ? "-" : ":-"}${fallback ?? ""}}"`;
}

function withExamples(env: string): string {
  const sections = {
    "udp-ingest": udpIngestSettings,
    "mqtt-alerter": mqttAlerterSettings,
    "Both services": both,
  };
  const text = Object.entries(sections).map(([title, spec]) => {
    const lines = describeSettings(spec).filter(isChosen).map(exampleOf);
    return `\n# ── ${title} ${"─".repeat(113 - title.length)}\n${lines.join("")}`;
  });
  return env.replace(
    /(# settings\n)[\s\S]*?(# end\n)/,
    (_, start: string, end: string) => `${start}${text.join("")}${end}`,
  );
}

function exampleOf(setting: SettingDescription): string {
  const variable = variableOf(setting);
  const fallback = defaultsInContainers[setting.name] ?? setting.defaultText;
  const isLiteral = !["unset", "empty", "any", "host name"].includes(fallback) && !fallback.includes(" ");
  const value = setting.secret ? `/run/secrets/${setting.name.toLowerCase().replaceAll("_", "-")}` : setting.example;
  const unset = setting.secret || isLiteral ? "" : ` (${fallback})`;
  const what = setting.secret ? "; the path of a file that holds it" : "";
  return `# ${setting.description}${what}${unset}\n#${variable}=${isLiteral && !setting.secret ? fallback : (value ?? "")}\n`;
}

function isChosen({ name }: SettingDescription): boolean {
  return !fixedInContainers.includes(name);
}

function variableOf({ name, secret }: SettingDescription): string {
  return secret ? `${name}_FILE` : name;
}

// Run as a program it brings the documents up to date.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { path, renew } of documents) writeFileSync(path, renew(readFileSync(path, "utf8")));
}
