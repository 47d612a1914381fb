import type { CustomProperty, Task } from "@sense-alerts/qlik-repository";

/** Which tasks may be started: those that match one entry at least. */
export type AllowList = {
  readonly any: boolean;
  /** GUIDs in lower case. */
  readonly ids: ReadonlySet<string>;
  readonly tags: ReadonlySet<string>;
  readonly customProperties: readonly CustomProperty[];
};

/** True and false are final; undefined = it hangs on the task's tags or custom properties, which QRS knows. */
export function allowsId(list: AllowList, taskId: string): boolean | undefined {
  if (list.any || list.ids.has(taskId)) return true;
  return list.tags.size > 0 || list.customProperties.length > 0 ? undefined : false;
}

export function allowsTask(list: AllowList, { tags, customProperties }: Task): boolean {
  return (
    tags.some((tag) => list.tags.has(tag)) ||
    list.customProperties.some((wanted) =>
      customProperties.some(({ name, value }) => name === wanted.name && value === wanted.value),
    )
  );
}

/** Whether no task at all may be started. */
export function allowsNothing({ any, ids, tags, customProperties }: AllowList): boolean {
  return !any && ids.size === 0 && tags.size === 0 && customProperties.length === 0;
}
