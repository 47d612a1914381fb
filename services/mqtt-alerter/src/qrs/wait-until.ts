/** Why something was not waited for any longer. */
export class WaitOverError extends Error {
  override readonly name = "WaitOverError";
  readonly reason: "deadline" | "stopping";

  constructor(reason: "deadline" | "stopping") {
    super(`not waited for any longer: ${reason}`);
    this.reason = reason;
  }
}

/**
 * Settles as the promise does, or rejects with a WaitOverError at `untilMs` (performance.now()) or when the signal
 * aborts.
 */
export async function waitUntil<T>(untilMs: number, promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort = () => {};
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new WaitOverError("deadline")), Math.max(0, untilMs - performance.now()));
    onAbort = () => reject(new WaitOverError("stopping"));
    if (signal?.aborted) onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}
