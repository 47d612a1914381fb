import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Manifest } from "../../src/manifests/objects.js";
import { foldersIn, render, renderOverlay } from "../../src/manifests/render.js";
import { rules } from "../../src/manifests/rules.js";

const scope = { after };
const components = foldersIn("components");

/** An overlay that names its namespace: what a component brings would otherwise have none. */
function together(resource: string, namespace: string, ...wanted: string[]): () => Manifest[] {
  return () => renderOverlay(scope, { resource, components: wanted, namespace });
}

const renderings: Readonly<Record<string, () => Manifest[]>> = {
  base: () => render("base"),
  ...Object.fromEntries(foldersIn("overlays").map((folder) => [folder, () => render(folder)])),
  ...Object.fromEntries(
    components.map((component) => [`base with ${component}`, together("base", "sense-alerts", component)]),
  ),
  "base with every component": together("base", "sense-alerts", ...components),
  "overlays/demo with scaling and monitoring": together(
    ...(["overlays/demo", "sense-alerts-demo", "components/keda", "components/monitoring"] as const),
  ),
};

for (const [title, rendered] of Object.entries(renderings)) {
  const manifests = rendered();
  for (const { name, problems } of rules) {
    test(`${title}: ${name}`, () => {
      assert.deepEqual(problems(manifests), []);
    });
  }
}
