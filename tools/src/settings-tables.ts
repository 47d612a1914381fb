import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { mqttAlerterSettings } from "@sense-alerts/mqtt-alerter/settings";
import { commonSettings, describeSettings, natsSettings, type SettingsSpec } from "@sense-alerts/service-kit";
import { udpIngestSettings } from "@sense-alerts/udp-ingest/settings";

/** The README of the project. */
export const readmePath = fileURLToPath(new URL("../../../README.md", import.meta.url));

const specs: Readonly<Record<string, SettingsSpec>> = {
  "udp-ingest": udpIngestSettings,
  "mqtt-alerter": mqttAlerterSettings,
  both: { ...natsSettings, ...commonSettings },
};

/** The text with each settings table, between its two marks, made anew from the settings' own descriptions. */
export function withSettingsTables(markdown: string): string {
  return markdown.replace(
    /(<!-- settings: ([\w-]+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, start: string, name: string, end: string) => `${start}${tableOf(specs[name] ?? {})}${end}`,
  );
}

function tableOf(spec: SettingsSpec): string {
  const rows = describeSettings(spec).map(
    ({ name, defaultText, description }) => `| \`${name}\` | ${defaultText} | ${description} |\n`,
  );
  return `\n| variable | default | meaning |\n|---|---|---|\n${rows.join("")}\n`;
}

// Run as a program it brings the README up to date.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(readmePath, withSettingsTables(readFileSync(readmePath, "utf8")));
}
