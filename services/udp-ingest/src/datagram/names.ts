import { cleanName, emptyIfAbsent } from "./cleaning.js";
import { endOf, type Fields, startOf, textOf } from "./fields.js";

export type Names = {
  readonly taskName: string;
  readonly appName: string;
  /** The text that holds both names, when a `;` in one of them leaves open where the first ends. */
  readonly rawNames: string | undefined;
};

/**
 * Reads the names from the fields `first` up to `last`, two of them or more. Two are exact, more are a best reading.
 */
export function readNames(fields: Fields, first: number, last: number): Names {
  if (last === first + 1) {
    const taskName = cleanName(textOf(fields, first));
    return { taskName, appName: cleanName(textOf(fields, last)), rawNames: undefined };
  }
  const rawNames = cleanName(fields.text(startOf(fields, first), endOf(fields, last)));
  const split = findSplit(rawNames);
  return {
    taskName: emptyIfAbsent(rawNames.slice(0, split)),
    appName: emptyIfAbsent(rawNames.slice(split + 1)),
    rawNames,
  };
}

/**
 * The offset of the `;` between the names. A task is mostly called after its app (`Reload of Sales; EMEA`), so the
 * first split that repeats the app name in the task name wins; without one, the last `;` separates them.
 */
function findSplit(rawNames: string): number {
  const splits: number[] = [];
  for (let at = rawNames.indexOf(";"); at >= 0; at = rawNames.indexOf(";", at + 1)) splits.push(at);
  const lastSplit = splits.at(-1) ?? rawNames.length;

  // A later split has a shorter app and a longer task: once one repeats the app, all after it do. So halve the
  // interval.
  let low = 0;
  let high = splits.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (repeatsApp(rawNames, splits[middle] ?? lastSplit)) high = middle;
    else low = middle + 1;
  }
  return splits[low] ?? lastSplit;
}

function repeatsApp(rawNames: string, split: number): boolean {
  return rawNames.slice(0, split).includes(rawNames.slice(split + 1).trim());
}
