import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Scope, tempDir } from "@sense-alerts/test-kit";

export interface SecretFolder {
  /** The path of a file in it, as a service gets it. */
  path(name: string): string;
  /**
   * Replaces all files at once, as Kubernetes does: `..data` is a link to a folder, and changes to another one in one
   * step.
   */
  swap(files: Readonly<Record<string, string>>): void;
  /** Writes over one file in its place, as an editor or a copy does. */
  overwrite(name: string, content: string): void;
}

export function createSecretFolder(t: Scope, files: Readonly<Record<string, string>>): SecretFolder {
  const dir = tempDir(t);
  let version = 0;
  const folder: SecretFolder = {
    path: (name) => join(dir, name),
    swap: (next) => {
      const name = `..version-${++version}`;
      mkdirSync(join(dir, name));
      for (const [file, content] of Object.entries(next)) writeFileSync(join(dir, name, file), content);
      symlinkSync(name, join(dir, "..data_tmp"));
      renameSync(join(dir, "..data_tmp"), join(dir, "..data"));
    },
    overwrite: (name, content) => writeFileSync(join(dir, name), content),
  };
  folder.swap(files);
  for (const name of Object.keys(files)) symlinkSync(join("..data", name), join(dir, name));
  return folder;
}
