import type { IDeployment, IStatefulSet } from "kubernetes-models/apps/v1";
import type { IHorizontalPodAutoscaler } from "kubernetes-models/autoscaling/v2";
import type { INetworkPolicy } from "kubernetes-models/networking.k8s.io/v1";
import type { IPodDisruptionBudget } from "kubernetes-models/policy/v1";
import type { IPriorityClass } from "kubernetes-models/scheduling.k8s.io/v1";
import type {
  IConfigMap,
  IContainer,
  INamespace,
  IPodSpec,
  ISecret,
  IService,
  IServiceAccount,
} from "kubernetes-models/v1";

/** An object as kubectl renders it. Whether it has the shape of its kind is for schema.ts to say. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Labels;
    readonly annotations?: Labels;
  };
}

export type Labels = Readonly<Record<string, string>>;

/** A KEDA object, as far as the rules look at it. */
interface ScaledObject {
  readonly spec: {
    readonly scaleTargetRef: { readonly kind?: string; readonly name: string };
    readonly minReplicaCount?: number;
    readonly triggers: readonly { readonly type: string; readonly metadata: Labels }[];
  };
}

interface Kinds {
  ConfigMap: IConfigMap;
  Deployment: IDeployment;
  HorizontalPodAutoscaler: IHorizontalPodAutoscaler;
  Namespace: INamespace;
  NetworkPolicy: INetworkPolicy;
  PodDisruptionBudget: IPodDisruptionBudget;
  PriorityClass: IPriorityClass;
  ScaledObject: ScaledObject;
  Secret: ISecret;
  Service: IService;
  ServiceAccount: IServiceAccount;
  StatefulSet: IStatefulSet;
}

/** All objects of a kind, with the fields of that kind. */
export function ofKind<K extends keyof Kinds>(manifests: readonly Manifest[], kind: K): (Manifest & Kinds[K])[] {
  return manifests.filter((manifest) => manifest.kind === kind) as (Manifest & Kinds[K])[];
}

/** What runs pods. */
export interface Workload {
  readonly id: string;
  readonly name: string;
  readonly labels: Labels;
  readonly podLabels: Labels;
  readonly selector: Labels;
  readonly replicas: number | undefined;
  readonly pod: IPodSpec;
  readonly containers: readonly IContainer[];
}

export function workloadsIn(manifests: readonly Manifest[]): Workload[] {
  return [...ofKind(manifests, "Deployment"), ...ofKind(manifests, "StatefulSet")].map((manifest) => ({
    id: idOf(manifest),
    name: manifest.metadata.name,
    labels: manifest.metadata.labels ?? {},
    podLabels: manifest.spec?.template.metadata?.labels ?? {},
    selector: manifest.spec?.selector.matchLabels ?? {},
    replicas: manifest.spec?.replicas,
    pod: manifest.spec?.template.spec ?? { containers: [] },
    containers: manifest.spec?.template.spec?.containers ?? [],
  }));
}

/** What scales a workload. */
export interface Autoscaler {
  readonly id: string;
  readonly target: string;
  readonly min: number;
}

export function autoscalersIn(manifests: readonly Manifest[]): Autoscaler[] {
  return [
    ...ofKind(manifests, "HorizontalPodAutoscaler").map((manifest) => ({
      id: idOf(manifest),
      target: `${manifest.spec?.scaleTargetRef.kind}/${manifest.spec?.scaleTargetRef.name}`,
      min: manifest.spec?.minReplicas ?? 1,
    })),
    ...ofKind(manifests, "ScaledObject").map((manifest) => ({
      id: idOf(manifest),
      target: `${manifest.spec.scaleTargetRef.kind ?? "Deployment"}/${manifest.spec.scaleTargetRef.name}`,
      min: manifest.spec.minReplicaCount ?? 0,
    })),
  ];
}

/** `Deployment/udp-ingest`. */
export function idOf({ kind, metadata }: Manifest): string {
  return `${kind}/${metadata.name}`;
}

/** The object that a generated name stands for: `udp-ingest` for `udp-ingest-6dg2m7fdbk`. */
export function withoutHash(name: string): string {
  return name.replace(/-[a-z0-9]{10}$/, "");
}

/** Whether a selector without expressions picks these labels. None, and an empty one, pick nothing here. */
export function picks(selector: Labels | undefined, labels: Labels): boolean {
  const wanted = Object.entries(selector ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}
