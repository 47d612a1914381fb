import type { SettingProblem } from "./settings-error.js";

/** A rule that several settings keep together: returns what is wrong, or nothing. */
export type SettingsCheck<V> = (values: V) => readonly SettingProblem[];

/** Thrown on reading a setting that is itself wrong. It never leaves this file. */
class UnusableSetting extends Error {}

/**
 * One check out of several. A check that reads a setting which is itself wrong ends there and counts as passed; the
 * others still run. So each rule that should be reported by itself is a check by itself.
 */
export function checkEach<V>(...checks: readonly SettingsCheck<V>[]): SettingsCheck<V> {
  return (values) =>
    checks.flatMap((check) => {
      try {
        return check(values);
      } catch (error) {
        if (error instanceof UnusableSetting) return [];
        throw error;
      }
    });
}

/** The same values, but reading one of `wrong` ends the check that reads it. */
export function withoutWrong<V extends object>(values: V, wrong: Iterable<string>): V {
  const view = { ...values };
  for (const name of wrong) {
    Object.defineProperty(view, name, {
      get() {
        throw new UnusableSetting(name);
      },
    });
  }
  return view;
}
