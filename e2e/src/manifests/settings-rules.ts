import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SettingsError } from "@sense-alerts/service-kit";
import { idOf, ofKind, workloadsIn } from "./objects.js";
import type { Rule } from "./rule.js";
import { type ServicePod, servicePods } from "./settings-of.js";

/** What a secret is in the repository: a placeholder, and nothing that would open a door. */
const placeholder = "replace-me";

/** The settings of the two services, and their secrets. */
export const settingsRules: readonly Rule[] = [
  {
    name: "each variable is a setting of its service",
    problems: (manifests) =>
      servicePods(manifests).flatMap(({ id, env, known }) =>
        Object.keys(env)
          .filter((name) => !known.includes(name) && !known.includes(name.replace(/_FILE$/, "")))
          .map((name) => `${id}: ${name} is no setting`),
      ),
  },
  {
    name: "the service takes its settings, secrets and all",
    problems: (manifests) => servicePods(manifests).flatMap(refusals),
  },
  {
    name: "files that settings name are in a Secret that is mounted",
    problems: (manifests) =>
      servicePods(manifests).flatMap(({ id, env, workload: { pod, containers } }) => {
        const secrets = (pod.volumes ?? []).filter(({ secret }) => secret !== undefined).map(({ name }) => name);
        const mounts = containers.flatMap(({ volumeMounts = [] }) => volumeMounts);
        const folders = mounts.filter(({ name }) => secrets.includes(name)).map(({ mountPath }) => `${mountPath}/`);
        return Object.entries(env)
          .filter(([name, path]) => name.endsWith("_FILE") && !folders.some((folder) => path.startsWith(folder)))
          .map(([name, path]) => `${id}: nothing mounts ${name} ${path}`);
      }),
  },
  {
    name: "nothing secret is in a ConfigMap or in the environment, and no real secret in the repository",
    problems: (manifests) => [
      ...ofKind(manifests, "ConfigMap").flatMap((map) =>
        Object.entries(map.data ?? {})
          .filter(([name, value]) => isSecret(name, value))
          .map(([name]) => `${idOf(map)}: ${name}`),
      ),
      ...workloadsIn(manifests).flatMap(({ id, containers }) =>
        containers
          .flatMap(({ env = [] }) => env)
          .filter(({ name, value = "" }) => isSecret(name, value))
          .map(({ name }) => `${id}: ${name}`),
      ),
      ...ofKind(manifests, "Secret").flatMap((secret) =>
        Object.entries(secret.data ?? {})
          .filter(([, value]) => Buffer.from(value, "base64").toString("utf8").trim() !== placeholder)
          .map(([name]) => `${idOf(secret)}: ${name} is not ${placeholder}`),
      ),
    ],
  },
];

function isSecret(name: string, value: string): boolean {
  return (
    /(PASSWORD|PASSWD|TOKEN|SEED|SECRET|CREDENTIALS?|PRIVATE_?KEY)$/i.test(name) ||
    /:\/\/[^/\s]*:[^/\s]*@|PRIVATE KEY|^\s*(password|token)\s*[:= ]/im.test(value)
  );
}

/** What the service itself says of its environment, with the files of its Secret where the settings name them. */
function refusals({ id, env, secretFiles, readSettings }: ServicePod): string[] {
  const dir = mkdtempSync(join(tmpdir(), "sense-alerts-secrets-"));
  try {
    const moved = Object.entries(env).map(([name, value]) => {
      const content = secretFiles[value];
      if (content === undefined) return [name, value];
      const path = join(dir, name);
      writeFileSync(path, content);
      return [name, path];
    });
    readSettings(Object.fromEntries(moved));
    return [];
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.problems.map(({ name, message }) => `${id}: ${name} ${message}`);
  } finally {
    rmSync(dir, { recursive: true });
  }
}
