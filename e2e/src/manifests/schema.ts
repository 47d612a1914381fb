import { ScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1";
import { PrometheusRule, ServiceMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";
import { Deployment, StatefulSet } from "kubernetes-models/apps/v1";
import { HorizontalPodAutoscaler } from "kubernetes-models/autoscaling/v2";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1";
import { PriorityClass } from "kubernetes-models/scheduling.k8s.io/v1";
import { ConfigMap, Namespace, Secret, Service, ServiceAccount } from "kubernetes-models/v1";
import { idOf, type Manifest } from "./objects.js";

const models = [
  ...[ConfigMap, Deployment, HorizontalPodAutoscaler, Namespace, NetworkPolicy, PodDisruptionBudget, PriorityClass],
  ...[PrometheusRule, ScaledObject, Secret, Service, ServiceAccount, ServiceMonitor, StatefulSet],
];

/**
 * What the schema of its kind has against an object: a wrong type, a missing field, and a key that no schema lists,
 * which the compiled schemas of kubernetes-models pass over. They never look at such a key, and that is how it is
 * found.
 */
export function schemaProblems(manifest: Manifest): string[] {
  const model = models.find(({ apiVersion, kind }) => apiVersion === manifest.apiVersion && kind === manifest.kind);
  if (model === undefined) return [`${idOf(manifest)}: there is no schema for ${manifest.apiVersion} ${manifest.kind}`];
  const glances: Glance[] = [];
  const problems: string[] = [];
  try {
    model.prototype.validate.call(watched(manifest, "", glances));
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  }
  for (const { path, keys, seen } of glances) {
    problems.push(...keys.filter((key) => !seen.has(key)).map((key) => `${path}${key} is no field that there is`));
  }
  return problems.map((problem) => `${idOf(manifest)}: ${problem}`);
}

/** Which of an object's keys somebody looked at. */
type Glance = { readonly path: string; readonly keys: readonly string[]; readonly seen: Set<string> };

/** The same object, with a note in `glances` of every key that is read or listed, down to the bottom. */
function watched<T>(value: T, path: string, glances: Glance[]): T {
  if (typeof value !== "object" || value === null) return value;
  const keys = Array.isArray(value) ? [] : Object.keys(value);
  const seen = new Set<string>();
  glances.push({ path, keys, seen });
  const children = new Map<PropertyKey, unknown>();
  return new Proxy(value, {
    get(target, key) {
      seen.add(String(key));
      if (!children.has(key)) {
        children.set(key, watched(Reflect.get(target, key), `${path}${String(key)}.`, glances));
      }
      return children.get(key);
    },
    // A map, such as labels: the schema goes through all keys, and any is right.
    ownKeys(target) {
      for (const key of keys) seen.add(key);
      return Reflect.ownKeys(target);
    },
  });
}
