/**
 * Why there can be no spool in SPOOL_DIR:
 * - `unusable`: it is no directory, cannot be made, read or written to; the message says what mends it.
 * - `in-use`: another process has its spool there.
 */
export type SpoolErrorCode = "unusable" | "in-use";

export class SpoolError extends Error {
  override readonly name = "SpoolError";
  readonly code: SpoolErrorCode;
  readonly dir: string;

  constructor(code: SpoolErrorCode, dir: string, problem: string, cause?: unknown) {
    super(`SPOOL_DIR: ${dir} ${problem}`, { cause });
    this.code = code;
    this.dir = dir;
  }
}

/** The errno of a failed system call, such as `ENOSPC`. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown";
}

/** The name of a failed system call, such as `fsync`. */
export function syscallOf(error: unknown): string {
  return error instanceof Error && "syscall" in error ? String(error.syscall) : "unknown";
}
