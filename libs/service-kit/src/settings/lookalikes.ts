import type { Environment } from "./given-text.js";
import type { SettingsSpec } from "./setting.js";

/** A variable that is no setting and looks much like one. */
export interface Lookalike {
  readonly given: string;
  /** The setting, or its `_FILE` form. */
  readonly meant: string;
}

const mostEdits = 2;

/**
 * The variables that somebody meant as settings and spelled otherwise: two edits away, or the beginning of one
 * (`MQTT_USER`). What is merely unknown is not reported: other programs, the other service among them, have variables
 * in the same environment.
 */
export function lookalikes(spec: SettingsSpec, env: Environment): readonly Lookalike[] {
  const known = Object.keys(spec).flatMap((name) => (name.endsWith("_FILE") ? [name] : [name, `${name}_FILE`]));
  return Object.keys(env).flatMap((given) => {
    if (known.includes(given) || (env[given] ?? "").trim() === "") return [];
    const upper = given.toUpperCase();
    const near = known
      .filter((name) => (upper.includes("_") && name.startsWith(upper)) || edits(upper, name) <= mostEdits)
      .toSorted((a, b) => edits(upper, a) - edits(upper, b));
    return near.slice(0, 1).map((meant) => ({ given, meant }));
  });
}

/** Letters to put in, take out, replace or swap with their neighbour, at least, to make one text of the other. */
function edits(from: string, to: string): number {
  let [before, last]: [number[], number[]] = [[], Array.from({ length: to.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= from.length; row++) {
    const next = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      next[column] = Math.min(
        at(next, column - 1) + 1,
        at(last, column) + 1,
        at(last, column - 1) + (same ? 0 : 1),
        swapped ? at(before, column - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [before, last] = [last, next];
  }
  return at(last, to.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
