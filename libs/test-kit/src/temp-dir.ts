import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atProcessEnd, cleanUpAfter, type Scope } from "./clean-up.js";

/** A new folder, gone with everything in it when the scope ends. */
export function tempDir(t: Scope): string {
  const dir = mkdtempSync(join(tmpdir(), "sense-alerts-"));
  const remove = () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  const forget = atProcessEnd(remove);
  cleanUpAfter(t, () => {
    remove();
    forget();
  });
  return dir;
}

/** `prefix-` and eight random digits, fit for a stream, a topic level, a client id, a file. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomBytes(4).toString("hex")}`;
}
