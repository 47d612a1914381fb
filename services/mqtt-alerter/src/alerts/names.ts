import type { TaskData } from "@sense-alerts/event-contract";

export type Named = { readonly name: string };

export type Names = {
  readonly taskName: string;
  readonly appName: string;
  /** Whether it is still open where the task name ends and the app name begins. */
  readonly ambiguous: boolean;
};

/** The names as the datagram has them. Where they are ambiguous QRS settles them, as far as it knows the task. */
export function namesOf(data: TaskData, task?: Named | null, app?: Named | null): Names {
  const { taskName, appName, ambiguousNames, rawNames = "" } = data;
  if (ambiguousNames === undefined) return { taskName, appName, ambiguous: false };
  if (task === undefined || task === null) return { taskName, appName, ambiguous: true };
  const start = `${task.name};`;
  const rest = rawNames.startsWith(start) ? rawNames.slice(start.length) : appName;
  return { taskName: task.name, appName: app?.name ?? rest, ambiguous: false };
}
