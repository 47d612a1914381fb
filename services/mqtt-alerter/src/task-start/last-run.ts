import type { Task } from "@sense-alerts/qlik-repository";

/** Names the last run of a task; another name means that one began in between. */
export function lastRunOf({ metadata }: Task): string {
  const field = (of: unknown, name: string): unknown =>
    typeof of === "object" && of !== null ? Reflect.get(of, name) : undefined;
  const run = field(field(metadata, "operational"), "lastExecutionResult");
  return `${field(run, "id") ?? "none"} ${field(run, "startTime") ?? ""}`;
}
