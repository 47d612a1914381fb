import { mqttAlerterSettings, readSettings as readAlerterSettings } from "@sense-alerts/mqtt-alerter/settings";
import { commonSettings, type Environment, natsSettings, type SettingsSpec } from "@sense-alerts/service-kit";
import { readSettings as readIngestSettings, udpIngestSettings } from "@sense-alerts/udp-ingest/settings";
import { idOf, type Manifest, ofKind, type Workload, workloadsIn } from "./objects.js";

/** One of the two services as the manifests run it. */
export interface ServicePod {
  readonly id: string;
  readonly workload: Workload;
  /** The environment of its container, by ConfigMap and by `env`. */
  readonly env: Readonly<Record<string, string>>;
  /** What lies in its Secret, by path in the container. */
  readonly secretFiles: Readonly<Record<string, string>>;
  readonly known: readonly string[];
  readonly readSettings: (env: Environment) => unknown;
}

interface Settings {
  readonly own: SettingsSpec;
  readonly readSettings: (env: Environment) => unknown;
}

const services: Readonly<Record<"udp-ingest" | "mqtt-alerter", Settings>> = {
  "udp-ingest": { own: udpIngestSettings, readSettings: readIngestSettings },
  "mqtt-alerter": { own: mqttAlerterSettings, readSettings: readAlerterSettings },
};

export const serviceNames = Object.keys(services) as (keyof typeof services)[];

export function servicePods(manifests: readonly Manifest[]): ServicePod[] {
  return serviceNames.map((name) => {
    const workload = workloadsIn(manifests).find((candidate) => candidate.name === name);
    const container = workload?.containers.find((candidate) => candidate.name === name);
    if (workload === undefined || container === undefined) throw new Error(`no container runs ${name}`);
    const maps = (container.envFrom ?? []).map(({ configMapRef }) => `ConfigMap/${configMapRef?.name}`);
    const settings = ofKind(manifests, "ConfigMap").filter((map) => maps.includes(idOf(map)));
    const { own, readSettings } = services[name];
    return {
      id: workload.id,
      workload,
      env: Object.assign(
        ...[{}, ...settings.map(({ data }) => data)],
        Object.fromEntries((container.env ?? []).map((variable) => [variable.name, variable.value ?? ""])),
      ),
      secretFiles: secretFilesOf(manifests, workload),
      known: Object.keys({ ...own, ...natsSettings, ...commonSettings }),
      readSettings,
    };
  });
}

function secretFilesOf(manifests: readonly Manifest[], { pod, containers }: Workload): Record<string, string> {
  const mounts = containers.flatMap(({ volumeMounts = [] }) => volumeMounts);
  const files = (pod.volumes ?? []).flatMap(({ name, secret }) => {
    const mount = mounts.find((candidate) => candidate.name === name);
    const found = ofKind(manifests, "Secret").find(({ metadata }) => metadata.name === secret?.secretName);
    return Object.entries(found?.data ?? {}).map(([key, value]) => [
      `${mount?.mountPath}/${key}`,
      Buffer.from(value, "base64").toString("utf8"),
    ]);
  });
  return Object.fromEntries(files);
}
