import { idOf, type Manifest, withoutHash } from "./objects.js";

/**
 * The same objects, with one field of one object set, or gone where `value` is undefined. The object is named without
 * the hash of a generator; the path goes by keys and indexes, `spec.ports.0.port`, with `\\.` for a dot in a key.
 */
export function changed(manifests: readonly Manifest[], id: string, path: string, value: unknown): Manifest[] {
  const copies = structuredClone(manifests) as Manifest[];
  const found = copies.find((manifest) => idOf(manifest) === id || withoutHash(idOf(manifest)) === id);
  if (found === undefined) throw new Error(`there is no ${id}`);
  const keys = path.split(/(?<!\\)\./).map((key) => key.replaceAll("\\.", "."));
  const last = keys.pop() ?? "";
  let holder: object = found;
  for (const key of keys) {
    const next: unknown = Reflect.get(holder, key);
    if (typeof next !== "object" || next === null) throw new Error(`${id} has no ${path}`);
    holder = next;
  }
  if (value === undefined) Reflect.deleteProperty(holder, last);
  else Reflect.set(holder, last, value);
  return copies;
}
