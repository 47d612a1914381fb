/** Listens once to each signal that it is given; it is the same for all but a few messages. */
export function createAbortWatch(onAbort: (signal: AbortSignal) => void): (signal: AbortSignal) => void {
  const known = new WeakSet<AbortSignal>();
  return (signal) => {
    if (known.has(signal)) return;
    known.add(signal);
    signal.addEventListener("abort", () => onAbort(signal), { once: true });
  };
}
