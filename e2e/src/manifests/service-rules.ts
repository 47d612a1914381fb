import { autoscalersIn, idOf, type Manifest, ofKind, picks } from "./objects.js";
import { quantity } from "./quantity.js";
import type { Rule } from "./rule.js";
import { type ServicePod, servicePods } from "./settings-of.js";

/** What our two services need so that no datagram and no alert is lost on the way through a cluster. */
export const serviceRules: readonly Rule[] = [
  {
    name: "datagrams have a Service of their own that keeps the sender's address",
    problems: (manifests) => {
      const services = ofKind(manifests, "Service").filter(({ spec }) =>
        (spec?.ports ?? []).some(({ protocol }) => protocol === "UDP"),
      );
      if (services.length !== 1) return [`Service: ${services.length} take UDP`];
      return services
        .filter(({ spec }) => spec?.ports?.length !== 1 || spec.externalTrafficPolicy !== "Local")
        .map((service) => `${idOf(service)}: must have one port and externalTrafficPolicy Local`);
    },
  },
  {
    name: "each service keeps a pod whatever scales it",
    problems: (manifests) =>
      servicePods(manifests)
        .filter(({ id }) => !autoscalersIn(manifests).some(({ target, min }) => target === id && min >= 1))
        .map(({ id }) => `${id}: nothing keeps a pod of it`),
  },
  {
    name: "a rollout takes no pod away before another is ready",
    problems: (manifests) =>
      ofKind(manifests, "Deployment")
        .filter(({ metadata }) => ours(manifests).some(({ workload }) => workload.name === metadata.name))
        .filter(({ spec }) => {
          const { maxUnavailable, maxSurge } = spec?.strategy?.rollingUpdate ?? {};
          return maxUnavailable !== 0 || maxSurge !== 1;
        })
        .map((deployment) => `${idOf(deployment)}: needs maxUnavailable 0 and maxSurge 1`),
  },
  {
    name: "the services are probed where they answer",
    problems: (manifests) =>
      ours(manifests).flatMap(({ id, workload: { containers } }) =>
        containers
          .filter(
            ({ startupProbe, livenessProbe, readinessProbe }) =>
              startupProbe?.httpGet?.path !== "/livez" ||
              livenessProbe?.httpGet?.path !== "/livez" ||
              readinessProbe?.httpGet?.path !== "/readyz",
          )
          .map(() => `${id}: must be probed on /livez and /readyz`),
      ),
  },
  {
    name: "ports are one number in settings, container, Service and NetworkPolicy",
    problems: (manifests) =>
      ours(manifests).flatMap(({ id, env, workload }) => {
        const ports = workload.containers.flatMap((container) => container.ports ?? []);
        const wanted = { datagrams: env["UDP_PORT"], http: env["HTTP_PORT"] };
        const ofServices = ofKind(manifests, "Service")
          .filter(({ spec }) => picks(spec?.selector, workload.podLabels))
          .flatMap(({ spec }) => spec?.ports ?? []);
        return [
          ...ports
            .filter(({ name, containerPort }) => wanted[name as keyof typeof wanted] !== String(containerPort))
            .map(({ name }) => `${id}: container port ${name}`),
          ...ofServices
            .filter(({ name, port }) => wanted[name as keyof typeof wanted] !== String(port))
            .map(({ name }) => `${id}: Service port ${name}`),
          ...ingressPorts(manifests, workload.podLabels)
            .filter(({ port, protocol }) => !ports.some((own) => own.protocol === protocol && isPort(own, port)))
            .map(({ port, protocol }) => `${id}: a NetworkPolicy lets ${protocol} ${port} in`),
          ...(ingressPorts(manifests, workload.podLabels).some(({ protocol }) => protocol === "UDP") ===
          (wanted.datagrams !== undefined)
            ? []
            : [`${id}: no NetworkPolicy lets datagrams in`]),
        ];
      }),
  },
  {
    name: "a stop has the time that the settings give it",
    problems: (manifests) =>
      ours(manifests).flatMap(({ id, env, workload }) => {
        const drain = Number(env["UDP_DRAIN_SECONDS"] ?? 0);
        const stop = Number(env["SHUTDOWN_TIMEOUT_SECONDS"]);
        const grace = workload.pod.terminationGracePeriodSeconds ?? 30;
        return [
          ...(stop >= drain + 20 ? [] : [`${id}: SHUTDOWN_TIMEOUT_SECONDS leaves too little behind the drain`]),
          ...(grace >= stop + 5 ? [] : [`${id}: terminationGracePeriodSeconds ${grace} is over too soon`]),
        ];
      }),
  },
  {
    name: "udp-ingest goes on receiving while it stops",
    problems: (manifests) =>
      ours(manifests)
        .filter(({ env }) => env["UDP_PORT"] !== undefined)
        .filter(({ env, workload: { containers } }) => {
          const drain = Number(env["UDP_DRAIN_SECONDS"]);
          // kube-proxy sends to a pod that is stopping only while its readiness probe has not failed often enough.
          const countsAsReady = containers.every(
            ({ readinessProbe: { periodSeconds = 10, failureThreshold = 3 } = {} }) =>
              (failureThreshold - 1) * periodSeconds >= drain,
          );
          return !(drain >= 5 && countsAsReady);
        })
        .map(({ id }) => `${id}: UDP_DRAIN_SECONDS, or a readiness probe that fails before they are over`),
  },
  {
    name: "the spool is on a volume with room for it",
    problems: (manifests) =>
      ours(manifests)
        .filter(({ env }) => env["UDP_PORT"] !== undefined)
        .filter(({ env: { SPOOL_DIR: dir = "", SPOOL_MAX_BYTES: max }, workload: { pod, containers } }) => {
          const mount = containers
            .flatMap(({ volumeMounts = [] }) => volumeMounts)
            .find(({ mountPath }) => dir.startsWith(`${mountPath}/`));
          const size = quantity(pod.volumes?.find(({ name }) => name === mount?.name)?.emptyDir?.sizeLimit);
          const disk = quantity(containers[0]?.resources?.limits?.["ephemeral-storage"]);
          return !(size > Number(max) && disk > size);
        })
        .map(
          ({ id }) => `${id}: SPOOL_MAX_BYTES, sizeLimit and the limit of ephemeral-storage must grow in this order`,
        ),
  },
];

const ours: (manifests: readonly Manifest[]) => ServicePod[] = servicePods;

function isPort(own: { name?: string; containerPort: number }, port: string | number | undefined): boolean {
  return own.name === port || own.containerPort === port;
}

/** The ports that policies which pick these pods by label let in. */
function ingressPorts(manifests: readonly Manifest[], podLabels: Readonly<Record<string, string>>) {
  return ofKind(manifests, "NetworkPolicy")
    .filter(({ spec }) => picks(spec?.podSelector?.matchLabels, podLabels))
    .flatMap(({ spec }) => spec?.ingress ?? [])
    .flatMap(({ ports = [] }) => ports);
}
