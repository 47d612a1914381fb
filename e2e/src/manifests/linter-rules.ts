import { readFileSync } from "node:fs";
import { autoscalersIn, idOf, type Manifest, ofKind, picks, workloadsIn } from "./objects.js";
import type { Rule } from "./rule.js";

const { version } = JSON.parse(readFileSync(new URL("../../../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

/** What the demo loads into the nodes cannot be pulled. */
const isDemo = (manifests: readonly Manifest[]) =>
  ofKind(manifests, "Namespace").some(({ metadata }) => metadata.name.endsWith("-demo"));

/** The workloads that something scales: the two services, and what nobody may be without. */
function scaled(manifests: readonly Manifest[]) {
  const targets = autoscalersIn(manifests).map(({ target }) => target);
  return workloadsIn(manifests).filter(({ id }) => targets.includes(id));
}

function containersOf(manifests: readonly Manifest[]) {
  return workloadsIn(manifests).flatMap((workload) =>
    workload.containers.map((container) => ({ ...workload, container, id: `${workload.id} ${container.name}` })),
  );
}

/** What kube-score, kube-linter and polaris ask for. */
export const linterRules: readonly Rule[] = [
  {
    name: "user and group ids are 10000 or more (kube-score container-security-context-user-group-id)",
    problems: (manifests) =>
      workloadsIn(manifests)
        .filter(({ pod: { securityContext: ids } }) => Math.min(ids?.runAsUser ?? 0, ids?.runAsGroup ?? 0) < 10_000)
        .map(({ id }) => `${id}: runAsUser and runAsGroup must be 10000 or more`),
  },
  {
    name: "images are pulled always (kube-score container-image-pull-policy)",
    problems: (manifests) =>
      containersOf(manifests)
        .filter(({ container }) => container.imagePullPolicy !== (isDemo(manifests) ? "IfNotPresent" : "Always"))
        .map(({ id, container }) => `${id}: imagePullPolicy is ${container.imagePullPolicy}`),
  },
  {
    name: "images have an exact tag, ours the project's version (kube-score container-image-tag)",
    problems: (manifests) =>
      containersOf(manifests).flatMap(({ id, container: { image = "" } }) => {
        const tag = /:([^:/]+)$/.exec(image)?.[1] ?? "";
        if (!/^\d+\.\d+\.\d+(-[a-z0-9.]+)?$/.test(tag)) return [`${id}: the tag of ${image} is not exact`];
        return /sense-alerts\//.test(image) && tag !== version ? [`${id}: ${image} is not version ${version}`] : [];
      }),
  },
  {
    name: "cpu, memory and disk are requested and limited (kube-score container-resources, ephemeral-storage)",
    problems: (manifests) =>
      containersOf(manifests).flatMap(({ id, container: { resources } }) =>
        ["cpu", "memory", "ephemeral-storage"]
          .filter((name) => resources?.requests?.[name] === undefined || resources.limits?.[name] === undefined)
          .map((name) => `${id}: ${name} must have a request and a limit`),
      ),
  },
  {
    name: "no Service is a NodePort unless it says so (kube-score service-type)",
    problems: (manifests) =>
      ofKind(manifests, "Service")
        .filter(({ spec }) => spec?.type === "NodePort")
        .filter(({ metadata }) => metadata.annotations?.["kube-score/ignore"] !== "service-type")
        .map((service) => `${idOf(service)}: type NodePort`),
  },
  {
    name: "an autoscaler has the replicas to itself (kube-score deployment-targeted-by-hpa-does-not-have-replicas)",
    problems: (manifests) => {
      const targets = autoscalersIn(manifests).map(({ target }) => target);
      return [
        ...scaled(manifests)
          .filter(({ replicas }) => replicas !== undefined)
          .map(({ id }) => `${id}: replicas beside an autoscaler`),
        ...targets
          .filter((target, index) => targets.indexOf(target) !== index)
          .map((target) => `${target}: two autoscalers`),
      ];
    },
  },
  {
    name: "a HorizontalPodAutoscaler keeps two pods, a ScaledObject one (kube-score horizontalpodautoscaler-replicas)",
    problems: (manifests) =>
      autoscalersIn(manifests)
        .filter(({ id, min }) => min < (id.startsWith("ScaledObject/") ? 1 : 2))
        .map(({ id, min }) => `${id}: keeps ${min}`),
  },
  {
    name: "pods of a service shun each other's node (kube-linter no-anti-affinity)",
    problems: (manifests) =>
      scaled(manifests)
        .filter(({ pod, podLabels }) => {
          const { preferredDuringSchedulingIgnoredDuringExecution: preferred = [] } =
            pod.affinity?.podAntiAffinity ?? {};
          return !preferred.some(
            ({ podAffinityTerm: { topologyKey, labelSelector } }) =>
              topologyKey === "kubernetes.io/hostname" && picks(labelSelector?.matchLabels, podLabels),
          );
        })
        .map(({ id }) => `${id}: no podAntiAffinity on the host name`),
  },
  {
    name: "pods of a service are spread over hosts and zones (kube-score pod-topology-spread-constraints)",
    problems: (manifests) =>
      scaled(manifests).flatMap(({ id, pod: { topologySpreadConstraints = [] }, podLabels }) =>
        ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
          .filter(
            (wanted) =>
              !topologySpreadConstraints.some(
                // Without a selector a constraint counts no pod at all.
                ({ topologyKey, labelSelector }) =>
                  topologyKey === wanted && picks(labelSelector?.matchLabels, podLabels),
              ),
          )
          .map((wanted) => `${id}: not spread over ${wanted}`),
      ),
  },
  {
    name: "a disruption budget lets sick pods go (kube-linter pdb-unhealthy-pod-eviction-policy)",
    problems: (manifests) =>
      ofKind(manifests, "PodDisruptionBudget")
        .filter(({ spec }) => spec?.unhealthyPodEvictionPolicy !== "AlwaysAllow")
        .map((budget) => `${idOf(budget)}: unhealthyPodEvictionPolicy is not AlwaysAllow`),
  },
  {
    name: "each service has a disruption budget that lets a node be drained (kube-score, kube-linter pdb-*)",
    problems: (manifests) =>
      scaled(manifests)
        .filter(({ podLabels }) => {
          const budgets = ofKind(manifests, "PodDisruptionBudget").filter(({ spec }) =>
            picks(spec?.selector?.matchLabels, podLabels),
          );
          return budgets.length !== 1 || budgets[0]?.spec?.maxUnavailable !== 1;
        })
        .map(({ id }) => `${id}: needs one PodDisruptionBudget with maxUnavailable 1`),
  },
  {
    name: "the instance label is the object's name (polaris metadataAndInstanceMismatched)",
    problems: (manifests) =>
      workloadsIn(manifests)
        .filter(({ name, labels, podLabels }) =>
          [labels, podLabels].some((given) => given["app.kubernetes.io/instance"] !== name),
        )
        .map(({ id }) => `${id}: app.kubernetes.io/instance is not its name`),
  },
  {
    name: "no pod gets a token for the Kubernetes API (polaris automountServiceAccountToken)",
    problems: (manifests) => [
      ...workloadsIn(manifests)
        .filter(({ pod }) => pod.automountServiceAccountToken !== false)
        .map(({ id }) => `${id}: automountServiceAccountToken`),
      ...ofKind(manifests, "ServiceAccount")
        .filter(({ automountServiceAccountToken }) => automountServiceAccountToken !== false)
        .map((account) => `${idOf(account)}: automountServiceAccountToken`),
    ],
  },
  {
    name: "each pod has a priority class (polaris priorityClassNotSet)",
    problems: (manifests) =>
      workloadsIn(manifests)
        .filter(({ pod }) => pod.priorityClassName === undefined)
        .map(({ id }) => `${id}: no priorityClassName`),
  },
  {
    name: "everything is denied to every pod, both ways, and each has a policy (polaris missingNetworkPolicy)",
    problems: (manifests) => {
      const policies = ofKind(manifests, "NetworkPolicy");
      const deniesAll = policies.some(
        ({ spec }) =>
          spec !== undefined &&
          Object.keys(spec.podSelector ?? {}).length === 0 &&
          spec.policyTypes?.length === 2 &&
          spec.ingress === undefined &&
          spec.egress === undefined,
      );
      return [
        ...(deniesAll ? [] : ["NetworkPolicy: none denies everything"]),
        ...workloadsIn(manifests)
          .filter(({ podLabels }) => !policies.some(({ spec }) => picks(spec?.podSelector?.matchLabels, podLabels)))
          .map(({ id }) => `${id}: no NetworkPolicy of its own`),
      ];
    },
  },
  {
    name: "secrets come as files (polaris sensitiveContainerEnvVar, kube-linter read-secret-from-env-var)",
    problems: (manifests) =>
      containersOf(manifests)
        .filter(
          ({ container: { env = [], envFrom = [] } }) =>
            env.some(({ valueFrom }) => valueFrom?.secretKeyRef !== undefined) ||
            envFrom.some(({ secretRef }) => secretRef !== undefined),
        )
        .map(({ id }) => `${id}: a secret in the environment`),
  },
  {
    name: "what a Service leads to is probed, and not alive and ready in one (kube-score pod-probes)",
    problems: (manifests) =>
      containersOf(manifests)
        .filter(({ podLabels }) => ofKind(manifests, "Service").some(({ spec }) => picks(spec?.selector, podLabels)))
        .flatMap(({ id, container: { livenessProbe, readinessProbe } }) => {
          if (livenessProbe === undefined || readinessProbe === undefined) return [`${id}: a probe is missing`];
          return JSON.stringify(livenessProbe) === JSON.stringify(readinessProbe) ? [`${id}: both probes are one`] : [];
        }),
  },
  {
    name: "no container can write to its image (kube-score container-security-context-readonlyrootfilesystem)",
    problems: (manifests) =>
      containersOf(manifests)
        .filter(({ container }) => container.securityContext?.readOnlyRootFilesystem !== true)
        .map(({ id }) => `${id}: readOnlyRootFilesystem`),
  },
];
