import { execFileSync } from "node:child_process";
import { readdirSync, realpathSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { findProgram, type Scope, tempDir } from "@sense-alerts/test-kit";
import { parseAllDocuments, stringify } from "yaml";
import type { Manifest } from "./objects.js";

/** The folder of this name in the repository's root. */
const k8s = fileURLToPath(new URL("../../../../k8s", import.meta.url));

/** The folders in one of k8s', as `overlays/demo`. */
export function foldersIn(folder: "overlays" | "components"): string[] {
  return readdirSync(join(k8s, folder)).map((name) => `${folder}/${name}`);
}

/**
 * What `kubectl apply -k k8s/<folder>` would send to the server. Throws with what kubectl said when it does not render.
 */
export function render(folder: string): Manifest[] {
  return kustomize(join(k8s, folder));
}

/**
 * The same for an overlay that a user could write: the folders of k8s/ by their paths, the rest of the file as it is.
 */
export function renderOverlay(
  t: Scope,
  {
    resource,
    components = [],
    ...rest
  }: { resource: string; components?: readonly string[]; [field: string]: unknown },
): Manifest[] {
  const dir = realpathSync(tempDir(t)); // kustomize goes up from the real folder
  const fromHere = (folder: string) => relative(dir, join(k8s, folder));
  const overlay = { resources: [fromHere(resource)], components: components.map(fromHere), ...rest };
  writeFileSync(join(dir, "kustomization.yaml"), stringify(overlay));
  return kustomize(dir);
}

function kustomize(dir: string): Manifest[] {
  const rendered = execFileSync(findProgram("kubectl"), ["kustomize", dir], { encoding: "utf8", maxBuffer: 2 ** 26 });
  return parseAllDocuments(rendered).map((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0];
    return document.toJS() as Manifest;
  });
}
