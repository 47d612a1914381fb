import { idOf, ofKind, workloadsIn } from "./objects.js";
import type { Rule } from "./rule.js";

const volumeTypes = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
];

/** Pod Security Standards, level restricted. */
export const podSecurityRules: readonly Rule[] = [
  {
    name: "the namespace enforces Pod Security restricted",
    problems: (manifests) =>
      ofKind(manifests, "Namespace")
        .filter(({ metadata }) => metadata.labels?.["pod-security.kubernetes.io/enforce"] !== "restricted")
        .map((namespace) => `${idOf(namespace)}: does not enforce restricted`),
  },
  {
    name: "pods are not root, with the runtime's seccomp profile",
    problems: (manifests) =>
      workloadsIn(manifests)
        .filter(
          ({ pod: { securityContext: context } }) =>
            context?.runAsNonRoot !== true || context.seccompProfile?.type !== "RuntimeDefault",
        )
        .map(({ id }) => `${id}: needs runAsNonRoot and seccompProfile RuntimeDefault`),
  },
  {
    name: "containers get no privilege and no capability",
    problems: (manifests) =>
      workloadsIn(manifests).flatMap(({ id, pod }) =>
        [...pod.containers, ...(pod.initContainers ?? [])]
          .filter(
            ({ securityContext: context }) =>
              context?.allowPrivilegeEscalation !== false ||
              context.privileged === true ||
              context.capabilities?.drop?.includes("ALL") !== true ||
              context.capabilities.add !== undefined ||
              context.runAsNonRoot === false ||
              context.runAsUser === 0,
          )
          .map(({ name }) => `${id} ${name}: too many privileges`),
      ),
  },
  {
    name: "pods share nothing with their node",
    problems: (manifests) =>
      workloadsIn(manifests).flatMap(({ id, pod, containers }) => [
        ...[pod.hostNetwork, pod.hostPID, pod.hostIPC].filter(Boolean).map(() => `${id}: a namespace of the host`),
        ...containers
          .flatMap(({ ports = [] }) => ports)
          .filter(({ hostPort }) => hostPort !== undefined)
          .map(() => `${id}: a port of the host`),
        ...(pod.volumes ?? [])
          .filter((volume) => !Object.keys(volume).every((key) => key === "name" || volumeTypes.includes(key)))
          .map(({ name }) => `${id}: volume ${name} is of a kind that is not allowed`),
      ]),
  },
];
