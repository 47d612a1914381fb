import { mqttAlerterSettings, readSettings as readAlerterSettings } from "@sense-alerts/mqtt-alerter/settings";
import {
  commonSettings,
  describeSettings,
  natsSettings,
  SettingsError,
  type SettingsSpec,
} from "@sense-alerts/service-kit";
import { readSettings as readIngestSettings, udpIngestSettings } from "@sense-alerts/udp-ingest/settings";
import type { Variables } from "./rule.js";

/** The variables of each part of the .env, by its title. */
export const sections: Readonly<Record<string, SettingsSpec>> = {
  "udp-ingest": udpIngestSettings,
  "mqtt-alerter": mqttAlerterSettings,
  "Both services": { ...natsSettings, ...commonSettings },
};

const defaults = new Map(
  Object.values(sections)
    .flatMap(describeSettings)
    .map(({ name, defaultText }) => [name, defaultText]),
);

export function defaultOf(variable: string): string {
  return defaults.get(variable) ?? "unset";
}

/** What the settings readers of the two services say against these variables, a sentence each; both share the .env. */
export function problemsWith(variables: Variables): readonly string[] {
  const sentences = [readIngestSettings, readAlerterSettings].flatMap((read) => {
    try {
      read(variables);
      return [];
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      return error.problems.map(({ name, message }) => `${name} ${message}.`);
    }
  });
  return [...new Set(sentences)];
}
