import { mqttAlerterSettings, readSettings as readAlerterSettings } from "@sense-alerts/mqtt-alerter/settings";
import {
  commonSettings,
  describeSettings,
  natsSettings,
  type SettingProblem,
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

const startTopics = ["SUBSCRIPTION_ROOT_TOPIC", "TASK_START_TOPIC", "TASK_START_RESULT_TOPIC"];

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
  const problems = [
    ...problemsOf(readIngestSettings, variables),
    ...problemsOf(readAlerterSettings, variables),
    // The alerter checks these only where tasks may be started, which is for a person to decide.
    ...problemsOf(readAlerterSettings, { ...variables, TASK_START_ENABLE: "true" }).filter(({ name }) =>
      startTopics.includes(name),
    ),
  ];
  return [...new Set(problems.map(({ name, message }) => `${name} ${message}.`))];
}

function problemsOf(read: (variables: Variables) => unknown, variables: Variables): readonly SettingProblem[] {
  try {
    read(variables);
    return [];
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.problems;
  }
}
