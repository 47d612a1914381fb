import type { TaskType } from "@sense-alerts/qlik-repository";

const types = new Map<string, TaskType>([
  ["reload", "Reload"],
  ["externalprogram", "ExternalProgram"],
  ["usersync", "UserSync"],
  ["distribute", "Distribute"],
  ["preload", "Preload"],
]);

/** Reads `reload,distribute`, in any case of letters. Throws a TypeError that says what is allowed. */
export function parseTaskTypes(text: string): ReadonlySet<TaskType> {
  const words = text
    .split(",")
    .map((word) => word.trim().toLowerCase())
    .filter((word) => word !== "");
  const chosen = words.flatMap((word) => types.get(word) ?? []);
  if (words.length > 0 && chosen.length === words.length) return new Set(chosen);
  throw new TypeError(`must be a comma list of ${[...types.keys()].join(", ")}`);
}
