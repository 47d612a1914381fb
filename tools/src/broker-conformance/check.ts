import { expectedDeviations } from "./expected-deviations.js";

/** The columns of the table, in this order. */
export const checkNames = [
  "connect",
  "login",
  "TLS",
  "WebSocket",
  "alerts",
  "retained status",
  "Receive Maximum",
  "refused topic",
  "refused status",
  "start, shared",
  "start, plain",
  "restart",
  "last will",
] as const;

export type CheckName = (typeof checkNames)[number];

export type Result =
  | { readonly state: "passed"; readonly note: string }
  | { readonly state: "failed"; readonly reason: string }
  /** The broker itself does something else than the specification says: see expected-deviations.ts. */
  | { readonly state: "deviates"; readonly reason: string };

export interface Checklist {
  readonly results: ReadonlyMap<CheckName, Result>;
  /** Runs a check; what it resolves with is shown in its cell. Never rejects. */
  run(name: CheckName, check: () => Promise<string | undefined> | Promise<void>): Promise<void>;
}

export function createChecklist(broker: string): Checklist {
  const results = new Map<CheckName, Result>();
  return {
    results,
    async run(name, check) {
      try {
        results.set(name, { state: "passed", note: (await check()) ?? "" });
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        const deviation = expectedDeviations[broker]?.[name];
        results.set(
          name,
          deviation === undefined ? { state: "failed", reason } : { state: "deviates", reason: deviation },
        );
      }
    },
  };
}
