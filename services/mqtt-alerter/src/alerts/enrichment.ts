import type { App, Execution, Task } from "@sense-alerts/qlik-repository";

/**
 * What QRS answered about an alert. Null = there is no such thing, such as the app of a task without one, or a task
 * that was deleted. Undefined = no answer, or not asked for.
 */
export type Answers = {
  readonly task?: Task | null | undefined;
  readonly app?: App | null | undefined;
  readonly execution?: Execution | null | undefined;
  readonly scriptLogTail?: readonly string[] | undefined;
};

/**
 * `off`: there is no QRS. `complete`: it answered every question. `partial`: it answered some of them in time, and the
 * rest is undefined. `unavailable`: it answered none.
 */
export type Enrichment = Answers & { readonly kind: "off" | "unavailable" | "partial" | "complete" };
