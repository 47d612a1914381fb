import { closeSync, openSync, readFileSync, statSync } from "node:fs";
import { defineSetting, type Setting, type SettingOptions, type Unset } from "./setting.js";

/** The path of a file that exists and that this process may read, both checked at start. */
export function readableFile<D extends string | undefined = string>(
  options: SettingOptions<D>,
): Setting<string | Unset<D>> {
  const parse = (given: string): string => {
    const path = given.trim();
    explained(path, () => closeSync(openSync(path, "r")));
    return path;
  };
  return defineSetting<string | Unset<D>>(
    parse,
    { ...options, allowed: "the path of a file that can be read" },
    { echo: false },
  );
}

/**
 * The value that a file holds (a Docker or Kubernetes secret), without a byte order mark and the line ends behind it.
 * Throws an Error that names the path, what is wrong with it and what mends it; never with a word of the contents.
 */
export function readValueFile(path: string): string {
  const value = explained(path, () => readFileSync(path, "utf8"))
    .replace(/^\uFEFF/, "")
    .replace(/[\r\n]+$/, "");
  if (value.trim() === "") throw new Error(`the file ${path} is empty; write the value into it`);
  return value;
}

function explained<T>(path: string, read: () => T): T {
  try {
    // Asked first: opening a named pipe would wait for its writer.
    if (!statSync(path).isFile()) {
      throw new Error(
        `${path} is not a file; Docker makes a folder there when the file to mount does not exist on its host`,
      );
    }
    return read();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === undefined) throw error;
    throw new Error(`the file ${path} ${explanation(String(code))}`, { cause: error });
  }
}

function explanation(code: string): string {
  if (code === "ENOENT" || code === "ENOTDIR") {
    return `does not exist (${code}); check the path, and that the file is mounted into the container`;
  }
  if (code === "EACCES" || code === "EPERM") {
    const uid = process.geteuid?.();
    const user = uid === undefined ? "the user" : `user id ${uid}`;
    return `must be readable by ${user} that this process runs as (${code}); change its owner or mode, such as chmod 444`;
  }
  return `cannot be read (${code})`;
}
