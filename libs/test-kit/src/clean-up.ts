/**
 * Something that ends and says so: node:test's TestContext, node:test itself (`{ after }`) for a whole file, or a
 * program of its own.
 */
export interface Scope {
  after(fn: () => void | Promise<void>): void;
}

type CleanUp = () => void | Promise<void>;

const pending = new WeakMap<Scope, CleanUp[]>();

/**
 * Runs `cleanUp` when the scope ends, last registered first: a service is stopped before the servers it talks to, which
 * node:test's own first-in-first-out order would take away under it. One that throws does not keep the others from
 * running.
 */
export function cleanUpAfter(scope: Scope, cleanUp: CleanUp): void {
  const registered = pending.get(scope);
  if (registered !== undefined) {
    registered.push(cleanUp);
    return;
  }
  const cleanUps = [cleanUp];
  pending.set(scope, cleanUps);
  scope.after(async () => {
    const errors: unknown[] = [];
    for (let next = cleanUps.pop(); next !== undefined; next = cleanUps.pop()) {
      try {
        await next();
      } catch (error) {
        errors.push(error);
      }
    }
    pending.delete(scope);
    if (errors.length > 0) throw new AggregateError(errors, `${errors.length} clean-ups failed: ${errors.join("; ")}`);
  });
}

const lastResorts = new Set<() => void>();
const endingSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs `fn` when this process ends before the scope did: at exit, on an uncaught error, or on a signal that nobody else
 * in the process handles. Whoever does handle it is trusted to exit in the end. Returns the way to take it back.
 */
export function atProcessEnd(fn: () => void): () => void {
  if (lastResorts.size === 0) listen();
  lastResorts.add(fn);
  return () => {
    lastResorts.delete(fn);
    if (lastResorts.size === 0) unlisten();
  };
}

function listen(): void {
  process.on("exit", runLastResorts);
  for (const signal of endingSignals) process.on(signal, onSignal);
}

function unlisten(): void {
  process.off("exit", runLastResorts);
  for (const signal of endingSignals) process.off(signal, onSignal);
}

function runLastResorts(): void {
  for (const fn of lastResorts) {
    try {
      fn();
    } catch {
      process.exitCode ||= 1; // too late to tell, and the others must still run
    }
  }
}

function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  runLastResorts();
  unlisten();
  process.kill(process.pid, signal);
}
