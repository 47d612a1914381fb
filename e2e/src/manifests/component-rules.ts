import { readFileSync } from "node:fs";
import { idOf, type Manifest, ofKind, picks } from "./objects.js";
import type { Rule } from "./rule.js";
import { servicePods } from "./settings-of.js";

const source = (path: string) => readFileSync(new URL(`../../../../${path}`, import.meta.url), "utf8");
const metricNames = [
  "libs/service-kit/src/metrics.ts",
  "libs/service-kit/src/link-metrics.ts",
  "services/udp-ingest/src/metrics.ts",
  "services/mqtt-alerter/src/metrics.ts",
  "services/mqtt-alerter/src/metrics-gauges.ts",
  "services/mqtt-alerter/src/stream-metrics.ts",
].flatMap((path) => source(path).match(/\bsensealerts_\w+\b/g) ?? []);
const consumers = ["mqtt-alerter-basic", "mqtt-alerter-full"];

interface PrometheusRule extends Manifest {
  readonly spec: {
    readonly groups: readonly { readonly rules: readonly PrometheusRuleLine[] }[];
  };
}

interface PrometheusRuleLine {
  /** One of the two. */
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
}

interface ServiceMonitor extends Manifest {
  readonly spec: {
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly endpoints: readonly { readonly port: string; readonly path: string }[];
  };
}

/** What the components add to a cluster that has KEDA or the Prometheus Operator. */
export const componentRules: readonly Rule[] = [
  {
    name: "a ScaledObject reads the lag of our consumers",
    problems: (manifests) =>
      ofKind(manifests, "ScaledObject").flatMap((scaled) => {
        const stream = servicePods(manifests).find(({ workload }) => workload.name === "mqtt-alerter")?.env[
          "NATS_STREAM"
        ];
        return scaled.spec.triggers
          .filter(
            ({ metadata }) =>
              !consumers.includes(metadata["consumer"] ?? "") || metadata["stream"] !== (stream ?? "SENSE_EVENTS"),
          )
          .map(({ metadata }) => `${idOf(scaled)}: ${metadata["stream"]} ${metadata["consumer"]}`);
      }),
  },
  {
    name: "alerts are raised on metrics that there are",
    problems: (manifests) =>
      manifests
        .filter((manifest): manifest is PrometheusRule => manifest.kind === "PrometheusRule")
        .flatMap((manifest) =>
          manifest.spec.groups
            .flatMap(({ rules }) => rules)
            .flatMap(({ alert, record, expr }, _, all) => {
              const known = [...metricNames, ...all.map((rule) => rule.record)];
              const used = expr.match(/\bsensealerts[_:][\w:]+/g) ?? [];
              const unknown = used.filter((name) => !known.includes(name));
              const rule = alert ?? record;
              return used.length === 0 ? [`${rule}: no metric of ours`] : unknown.map((name) => `${rule}: ${name}`);
            }),
        ),
  },
  {
    name: "Prometheus finds the metrics of both services, and is let in to them",
    problems: (manifests) => {
      const monitors = manifests.filter((manifest): manifest is ServiceMonitor => manifest.kind === "ServiceMonitor");
      if (monitors.length === 0) return [];
      const watched = monitors.flatMap(({ spec }) =>
        ofKind(manifests, "Service")
          .filter(({ metadata }) => picks(spec.selector.matchLabels, metadata.labels ?? {}))
          .filter((service) => service.spec?.ports?.some(({ name }) => name === spec.endpoints[0]?.port))
          .map(({ spec: service }) => service?.selector ?? {}),
      );
      const letIn = ofKind(manifests, "NetworkPolicy").flatMap(({ spec }) =>
        (spec?.ingress ?? []).some(({ ports = [] }) => ports.some(({ port }) => port === "http"))
          ? (spec?.podSelector?.matchExpressions ?? []).flatMap(({ values = [] }) => values)
          : [],
      );
      return servicePods(manifests)
        .filter(
          ({ workload: { name, podLabels } }) =>
            watched.filter((selector) => picks(selector, podLabels)).length !== 1 || !letIn.includes(name),
        )
        .map(({ id }) => `${id}: not scraped`);
    },
  },
];
