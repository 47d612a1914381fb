import { readValueFile } from "./file-settings.js";
import type { SettingProblem } from "./settings-error.js";

/** Variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

export type GivenText =
  | { readonly kind: "unset" }
  | { readonly kind: "text"; readonly text: string; readonly path?: string }
  | { readonly kind: "wrong"; readonly problem: SettingProblem };

/**
 * The text given for a setting: by the variable itself, or by `<name>_FILE`, the path of a file that holds it. Blank is
 * unset. A setting whose own name ends in `_FILE` is a path and has no second form.
 */
export function givenText(name: string, env: Environment): GivenText {
  const direct = presentIn(env, name);
  const fileName = `${name}_FILE`;
  const path = name.endsWith("_FILE") ? undefined : presentIn(env, fileName)?.trim();
  if (direct !== undefined && path !== undefined) {
    return { kind: "wrong", problem: { name, message: `set both here and by ${fileName}; keep one of the two` } };
  }
  if (direct !== undefined) return { kind: "text", text: direct };
  if (path === undefined) return { kind: "unset" };
  try {
    return { kind: "text", text: readValueFile(path), path };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { kind: "wrong", problem: { name: fileName, message: error.message } };
  }
}

function presentIn(env: Environment, name: string): string | undefined {
  const value = env[name];
  return value === undefined || value.trim() === "" ? undefined : value;
}
