/** Something took longer than it may. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
  readonly what: string;
  readonly ms: number;

  constructor(what: string, ms: number) {
    super(`${what} took longer than ${ms} ms`);
    this.what = what;
    this.ms = ms;
  }
}

/**
 * Settles as `promise` does, or rejects with a DeadlineError after `ms` milliseconds. The work itself goes on; what it
 * comes to after that is dropped, a rejection too.
 */
export async function withDeadline<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(what, ms)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
