import type { Manifest } from "./objects.js";

/** Something that all rendered objects together must keep to. */
export interface Rule {
  readonly name: string;
  /** What is against it; each starts with the object's kind and name. */
  readonly problems: (manifests: readonly Manifest[]) => string[];
}
