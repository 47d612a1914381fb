import { isIP } from "node:net";
import { idOf, type Manifest, ofKind, picks, type Workload, workloadsIn } from "./objects.js";
import type { Rule } from "./rule.js";
import { servicePods } from "./settings-of.js";

const usualPorts: Readonly<Record<string, number>> = {
  "nats:": 4222,
  "tls:": 4222,
  "mqtt:": 1883,
  "mqtts:": 8883,
  "https:": 4242,
};

/** Nothing is closed that has to be open. */
export const networkRules: readonly Rule[] = [
  {
    name: "a NetworkPolicy picks pods that there are, and address ranges are whole",
    problems: (manifests) =>
      ofKind(manifests, "NetworkPolicy").flatMap((policy) => [
        ...(workloadsIn(manifests).some(({ podLabels }) => isPicked(policy.spec?.podSelector, podLabels))
          ? []
          : [`${idOf(policy)}: picks no pod`]),
        ...(policy.spec?.ingress ?? [])
          .flatMap(({ from = [] }) => from)
          .filter(({ ipBlock }) => ipBlock !== undefined && !isRange(ipBlock.cidr))
          .map(({ ipBlock }) => `${idOf(policy)}: ${ipBlock?.cidr}`),
      ]),
  },
  {
    name: "every pod may ask for names, by UDP and TCP",
    problems: (manifests) =>
      workloadsIn(manifests).flatMap((workload) =>
        (["UDP", "TCP"] as const)
          .filter((protocol) => !mayGoTo(manifests, workload, 53, protocol))
          .map((protocol) => `${workload.id}: no DNS by ${protocol}`),
      ),
  },
  {
    name: "each service may go where its settings send it",
    problems: (manifests) =>
      servicePods(manifests).flatMap(({ id, env, workload }) =>
        ["NATS_URL", "MQTT_URL", "QRS_URL"]
          .flatMap((name) => env[name]?.split(",") ?? [])
          .filter((url) => {
            const { port, protocol } = new URL(url);
            return !mayGoTo(manifests, workload, port === "" ? (usualPorts[protocol] ?? 0) : Number(port), "TCP");
          })
          .map((url) => `${id}: no NetworkPolicy lets it go to ${url}`),
      ),
  },
  {
    name: "a pod of the same namespace that a service may go to lets it in",
    problems: (manifests) =>
      servicePods(manifests).flatMap(({ id, env, workload }) =>
        ["NATS_URL", "MQTT_URL"].flatMap((name) => {
          const { hostname, port = "" } = new URL(env[name]?.split(",")[0] ?? "none://none");
          const service = ofKind(manifests, "Service").find(({ metadata }) => metadata.name === hostname);
          const target = workloadsIn(manifests).find(({ podLabels }) => picks(service?.spec?.selector, podLabels));
          if (target === undefined) return [];
          const isLetIn = ofKind(manifests, "NetworkPolicy")
            .filter(({ spec }) => isPicked(spec?.podSelector, target.podLabels))
            .flatMap(({ spec }) => spec?.ingress ?? [])
            .filter(({ ports = [] }) => ports.some((open) => String(open.port) === port))
            .some(({ from = [] }) => from.some(({ podSelector }) => isPicked(podSelector, workload.podLabels)));
          return isLetIn ? [] : [`${id}: ${target.id} does not let it in`];
        }),
      ),
  },
];

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly { key: string; operator: string; values?: readonly string[] }[];
}

/** As the server reads it: an empty selector picks all, expressions are of the kind In. */
function isPicked(selector: Selector | undefined, labels: Readonly<Record<string, string>>): boolean {
  const { matchLabels, matchExpressions = [] } = selector ?? {};
  return (
    selector !== undefined &&
    (matchLabels === undefined || picks(matchLabels, labels)) &&
    matchExpressions.every(({ key, operator, values }) => operator === "In" && values?.includes(labels[key] ?? ""))
  );
}

function mayGoTo(manifests: readonly Manifest[], { podLabels }: Workload, port: number, protocol: "TCP" | "UDP") {
  return ofKind(manifests, "NetworkPolicy")
    .filter(({ spec }) => isPicked(spec?.podSelector, podLabels))
    .flatMap(({ spec }) => spec?.egress ?? [])
    .flatMap(({ ports = [] }) => ports)
    .some((open) => open.port === port && open.protocol === protocol);
}

function isRange(cidr: string): boolean {
  const [, address = "", bits = ""] = /^(.+)\/(\d{1,3})$/.exec(cidr) ?? [];
  return isIP(address) !== 0 && Number(bits) <= (isIP(address) === 4 ? 32 : 128);
}
