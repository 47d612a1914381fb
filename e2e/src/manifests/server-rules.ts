import { autoscalersIn, idOf, type Manifest, ofKind, picks, withoutHash, workloadsIn } from "./objects.js";
import { quantity } from "./quantity.js";
import type { Rule } from "./rule.js";

/** Names, references and numbers that the schema lets pass and a server refuses, or takes and can do nothing with. */
export const serverRules: readonly Rule[] = [
  {
    name: "names and labels are ones that a server takes",
    problems: (manifests) =>
      manifests.flatMap((manifest) => {
        const { name, labels = {} } = manifest.metadata;
        const form = manifest.kind === "Service" ? /^[a-z]([-a-z0-9]*[a-z0-9])?$/ : /^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/;
        const wrongLabels = Object.entries(labels).filter(([, value]) => !isLabelValue(value));
        return [
          ...(form.test(name) && name.length <= 63 ? [] : [`${idOf(manifest)}: no legal name`]),
          ...wrongLabels.map(([key]) => `${idOf(manifest)}: no legal value of label ${key}`),
        ];
      }),
  },
  {
    name: "no two objects are one, and all are in the namespace that comes along",
    problems: (manifests) => {
      const ids = manifests.map(idOf);
      const [namespace] = ofKind(manifests, "Namespace");
      return [
        ...ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `${id}: twice`),
        ...manifests
          .filter(({ kind }) => kind !== "Namespace" && kind !== "PriorityClass")
          .filter(({ metadata }) => metadata.namespace !== namespace?.metadata.name)
          .map((manifest) => `${idOf(manifest)}: in another namespace`),
      ];
    },
  },
  {
    name: "quantities can be read, and no request is over its limit",
    problems: (manifests) =>
      workloadsIn(manifests).flatMap(({ id, pod, containers }) => [
        ...containers.flatMap(({ resources: { requests = {}, limits = {} } = {} }) =>
          Object.keys({ ...requests, ...limits })
            .filter((name) => !(quantity(requests[name] ?? 0) <= quantity(limits[name] ?? Number.MAX_SAFE_INTEGER)))
            .map((name) => `${id}: ${name} ${requests[name]} of ${limits[name]}`),
        ),
        ...(pod.volumes ?? [])
          .filter(({ emptyDir }) => emptyDir?.sizeLimit !== undefined && Number.isNaN(quantity(emptyDir.sizeLimit)))
          .map(({ name }) => `${id}: sizeLimit of ${name}`),
      ]),
  },
  {
    name: "a workload selects the pods that it makes",
    problems: (manifests) =>
      workloadsIn(manifests)
        .filter(({ selector, podLabels }) => !picks(selector, podLabels))
        .map(({ id }) => `${id}: its selector does not pick its pods`),
  },
  {
    name: "a Service leads to the ports of one workload",
    problems: (manifests) =>
      ofKind(manifests, "Service").flatMap((service) => {
        const picked = workloadsIn(manifests).filter(({ podLabels }) => picks(service.spec?.selector, podLabels));
        if (picked.length !== 1) return [`${idOf(service)}: picks ${picked.length} workloads`];
        const ports = picked.flatMap(({ containers }) => containers).flatMap((container) => container.ports ?? []);
        return (service.spec?.ports ?? [])
          .filter(
            ({ targetPort, protocol = "TCP" }) =>
              !ports.some(
                (port) => [port.name, port.containerPort].includes(targetPort) && (port.protocol ?? "TCP") === protocol,
              ),
          )
          .map(({ name }) => `${idOf(service)}: no container has the port behind ${name}`);
      }),
  },
  {
    name: "externalTrafficPolicy and nodePort are where they may be",
    problems: (manifests) =>
      ofKind(manifests, "Service").flatMap((service) => {
        const { type = "ClusterIP", externalTrafficPolicy, ports = [] } = service.spec ?? {};
        const isOutside = type === "NodePort" || type === "LoadBalancer";
        const wrongPorts = ports.filter(
          ({ nodePort }) => nodePort !== undefined && (!isOutside || nodePort < 30_000 || nodePort > 32_767),
        );
        return [
          ...(externalTrafficPolicy !== undefined && !isOutside ? [`${idOf(service)}: externalTrafficPolicy`] : []),
          ...wrongPorts.map(({ nodePort }) => `${idOf(service)}: nodePort ${nodePort}`),
        ];
      }),
  },
  {
    name: "probes ask ports that there are",
    problems: (manifests) =>
      workloadsIn(manifests).flatMap(({ id, containers }) =>
        containers.flatMap(({ ports = [], livenessProbe, readinessProbe, startupProbe }) =>
          [livenessProbe, readinessProbe, startupProbe]
            .map((probe) => probe?.httpGet?.port ?? probe?.tcpSocket?.port)
            .filter((port) => port !== undefined)
            .filter((port) => !ports.some(({ name, containerPort }) => [name, containerPort].includes(port)))
            .map((port) => `${id}: a probe asks port ${port}`),
        ),
      ),
  },
  {
    name: "what an object refers to comes along, but for Secrets that may be missing",
    problems: (manifests) => {
      const ids = new Set(manifests.map(idOf));
      const there = (kind: string, name: string | undefined) => ids.has(`${kind}/${name}`);
      return [
        ...workloadsIn(manifests).flatMap(({ id, pod, containers }) => {
          const wanted = [
            ["ServiceAccount", pod.serviceAccountName],
            ["PriorityClass", pod.priorityClassName],
            ...containers
              .flatMap(({ envFrom = [] }) => envFrom)
              .map(({ configMapRef }) => ["ConfigMap", configMapRef?.name]),
            ...(pod.volumes ?? []).flatMap(({ configMap, secret }) => [
              ...(configMap === undefined ? [] : [["ConfigMap", configMap.name]]),
              ...(secret === undefined || secret.optional === true ? [] : [["Secret", secret.secretName]]),
            ]),
          ] as const;
          return wanted
            .filter(([kind = "", name]) => !there(kind, name))
            .map(([kind, name]) => `${id}: there is no ${kind}/${name}`);
        }),
        ...autoscalersIn(manifests)
          .filter(({ target }) => !ids.has(target))
          .map(({ id, target }) => `${id}: there is no ${target}`),
        ...ofKind(manifests, "StatefulSet")
          .filter(({ spec }) => headless(manifests, spec?.serviceName) === undefined)
          .map((set) => `${idOf(set)}: there is no headless Service of its name`),
      ];
    },
  },
  {
    name: "each mount has its volume, and each volume its mount",
    problems: (manifests) =>
      workloadsIn(manifests).flatMap(({ id, name, pod, containers }) => {
        const set = ofKind(manifests, "StatefulSet").find(({ metadata }) => metadata.name === name);
        const claims = (set?.spec?.volumeClaimTemplates ?? []).map(({ metadata }) => metadata?.name ?? "");
        const volumes = [...(pod.volumes ?? []).map((volume) => volume.name), ...claims];
        const mounts = containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map((mount) => mount.name));
        return [
          ...mounts.filter((mount) => !volumes.includes(mount)).map((mount) => `${id}: no volume ${mount}`),
          ...volumes
            .filter((volume) => !mounts.includes(volume))
            .map((volume) => `${id}: ${volume} is mounted nowhere`),
        ];
      }),
  },
  {
    name: "what is scaled by a share of the cpu requests cpu",
    problems: (manifests) =>
      ofKind(manifests, "HorizontalPodAutoscaler")
        .filter(({ spec }) => {
          const target = workloadsIn(manifests).find(({ name }) => name === spec?.scaleTargetRef.name);
          return target?.containers.some(({ resources }) => resources?.requests?.["cpu"] === undefined);
        })
        .map((autoscaler) => `${idOf(autoscaler)}: its target requests no cpu`),
  },
];

function headless(manifests: readonly Manifest[], name: string | undefined) {
  return ofKind(manifests, "Service").find(({ metadata, spec }) => {
    return withoutHash(metadata.name) === name && spec?.clusterIP === "None";
  });
}

function isLabelValue(value: string) {
  return /^([A-Za-z0-9]([-_.A-Za-z0-9]*[A-Za-z0-9])?)?$/.test(value) && value.length <= 63;
}
