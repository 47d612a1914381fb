import type { TaskType } from "@sense-alerts/qlik-repository";

const types = new Map<string, TaskType>([
  ["reload", "Reload"],
  ["externalprogram", "ExternalProgram"],
  ["usersync", "UserSync"],
  ["distribute", "Distribute"],
  ["preload", "Preload"],
]);

export const taskTypesAllowed = `a comma list of ${[...types.keys()].join(", ")}`;

/** Reads `reload,distribute`, in any case of letters. Undefined for what is none. */
export function parseTaskTypes(text: string): ReadonlySet<TaskType> | undefined {
  const words = text
    .split(",")
    .map((word) => word.trim().toLowerCase())
    .filter((word) => word !== "");
  const chosen = words.flatMap((word) => types.get(word) ?? []);
  return words.length > 0 && chosen.length === words.length ? new Set(chosen) : undefined;
}
