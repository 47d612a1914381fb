import type { App, Execution, Task } from "@sense-alerts/qlik-repository";

/**
 * What QRS has told of an alert. `off`: there is no QRS. `unavailable`: it could not be reached, or not in time. `complete`: it
 * has answered; what is undefined in it is not there, such as the app of a task without one, or a task that was deleted.
 */
export type Enrichment = { readonly kind: "off" } | { readonly kind: "unavailable" } | Complete;

export type Complete = {
  readonly kind: "complete";
  readonly task: Task | undefined;
  readonly app: App | undefined;
  readonly execution: Execution | undefined;
  /** Undefined = not asked for. */
  readonly scriptLogTail: readonly string[] | undefined;
};
