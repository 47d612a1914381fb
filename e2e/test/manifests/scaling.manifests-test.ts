import assert from "node:assert/strict";
import { after, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { idOf, type Manifest } from "../../src/manifests/objects.js";
import { foldersIn, render, renderOverlay } from "../../src/manifests/render.js";
import { serviceNames } from "../../src/manifests/settings-of.js";

const scope = { after };

/** The objects that are not the same in both, in either. */
function differing(one: readonly Manifest[], other: readonly Manifest[]): string[] {
  const missingIn = (all: readonly Manifest[]) => (manifest: Manifest) =>
    !all.some((candidate) => isDeepStrictEqual(candidate, manifest));
  return [...new Set([...one.filter(missingIn(other)), ...other.filter(missingIn(one))].map(idOf))].sort();
}

for (const resource of ["base", ...foldersIn("overlays")]) {
  const before = render(resource);

  for (const name of serviceNames) {
    test(`${resource}: other bounds for ${name} change its autoscaler alone`, () => {
      const patch = [
        { op: "replace", path: "/spec/minReplicas", value: 5 },
        { op: "replace", path: "/spec/maxReplicas", value: 9 },
      ];
      const patches = [{ target: { kind: "HorizontalPodAutoscaler", name }, patch: JSON.stringify(patch) }];
      const scaled = renderOverlay(scope, { resource, patches });
      assert.deepEqual(differing(before, scaled), [`HorizontalPodAutoscaler/${name}`]);
    });

    test(`${resource}: a fixed number of pods of ${name} changes its Deployment and takes its autoscaler away`, () => {
      const patches = [
        {
          patch: `{$patch: delete, apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: ${name}}}`,
        },
      ];
      const scaled = renderOverlay(scope, { resource, patches, replicas: [{ name, count: 1 }] });
      assert.deepEqual(differing(before, scaled), [`Deployment/${name}`, `HorizontalPodAutoscaler/${name}`]);
    });

    test(`${resource}: a setting of ${name} gives it a new ConfigMap and new pods, and the other service nothing`, () => {
      const configMapGenerator = [{ name, behavior: "merge", literals: ["LOG_LEVEL=debug"] }];
      const namespace = before.find(({ kind }) => kind === "Namespace")?.metadata.name;
      const set = renderOverlay(scope, { resource, configMapGenerator, namespace });
      const kinds = differing(before, set).map((id) => id.replace(/-[a-z0-9]{10}$/, ""));
      assert.deepEqual([...new Set(kinds)], [`ConfigMap/${name}`, `Deployment/${name}`]);
    });

    test(`${resource}: another version of ${name} changes its Deployment alone`, () => {
      const image = before
        .filter((manifest) => idOf(manifest) === `Deployment/${name}`)
        .map((manifest) => /"image":"([^"]+):[^"]+"/.exec(JSON.stringify(manifest))?.[1]);
      const upgraded = renderOverlay(scope, { resource, images: [{ name: image[0], newTag: "9.9.9" }] });
      const services = differing(before, upgraded).filter((id) => serviceNames.some((service) => id.endsWith(service)));
      assert.deepEqual(services, [`Deployment/${name}`]);
    });
  }
}

test("with KEDA mqtt-alerter is scaled by it alone, and nothing of udp-ingest changes", () => {
  const scaled = renderOverlay(scope, { resource: "base", components: ["components/keda"], namespace: "sense-alerts" });
  assert.deepEqual(differing(render("base"), scaled), [
    "HorizontalPodAutoscaler/mqtt-alerter",
    "ScaledObject/mqtt-alerter",
  ]);
});
