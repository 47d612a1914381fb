import { customCleanEnv } from "envalid";
import { type Environment, type GivenText, givenText } from "./given-text.js";
import type { Setting, SettingsOf, SettingsSpec } from "./setting.js";
import { checkEach, type SettingsCheck, withoutWrong } from "./settings-check.js";
import { type SettingProblem, SettingsError } from "./settings-error.js";

/**
 * The typed values of all settings of a spec: a frozen plain object. Blank variables count as unset, and `X_FILE` may
 * name a file that holds the value of X. Throws one SettingsError that lists everything that is wrong, including what
 * `check` finds as far as the settings it reads are right by themselves. A secret's value is in no message.
 */
export function loadSettings<S extends SettingsSpec>(
  spec: S,
  env: Environment,
  check: SettingsCheck<SettingsOf<S>> = () => [],
): SettingsOf<S> {
  const names = Object.keys(spec);
  const given = new Map(names.map((name) => [name, givenText(name, env)]));
  const wrong = new Map<string, SettingProblem>();
  for (const [name, text] of given) if (text.kind === "wrong") wrong.set(name, text.problem);

  const usable = names.filter((name) => !wrong.has(name));
  const values = customCleanEnv(
    Object.fromEntries(usable.map((name) => [name, textOf(given.get(name))])),
    Object.fromEntries(usable.map((name) => [name, spec[name]?.validator])),
    (cleaned) => cleaned as SettingsOf<S>,
    {
      // Without a reporter of one's own, envalid ends the process at the first problem.
      reporter: ({ errors }) => {
        for (const [name, error] of Object.entries(errors)) {
          const setting = spec[name];
          if (setting !== undefined && error !== undefined) {
            wrong.set(name, refusal(name, setting, given.get(name), error));
          }
        }
      },
    },
  );

  const ownProblems = names.flatMap((name) => wrong.get(name) ?? []);
  const jointProblems = checkEach(check)(withoutWrong(values, wrong.keys()));
  const problems = [...ownProblems, ...jointProblems].map((problem) => withExample(problem, spec));
  if (problems.length > 0) throw new SettingsError(problems);
  return values;
}

/**
 * Every problem comes with an example of what is right: a secret's, and that of an `X_FILE`, is where a file may lie.
 */
function withExample(problem: SettingProblem, spec: SettingsSpec): SettingProblem {
  if (problem.example !== undefined) return problem;
  const setting = spec[problem.name];
  if (setting?.example !== undefined) return { ...problem, example: setting.example };
  const name = setting?.secret === true ? problem.name : problem.name.replace(/_FILE$/, "");
  if (setting?.secret !== true && (name === problem.name || !(name in spec))) return problem;
  return {
    ...problem,
    exampleName: `${name}_FILE`,
    example: `/run/secrets/${name.toLowerCase().replaceAll("_", "-")}`,
  };
}

function textOf(given: GivenText | undefined): string | undefined {
  return given?.kind === "text" ? given.text : undefined;
}

function refusal(name: string, setting: Setting<unknown>, given: GivenText | undefined, error: Error): SettingProblem {
  if (given?.kind !== "text") return { name, message: `must be set (${setting.desc})` };
  const leaks = setting.secret && error.message.includes(given.text.trim());
  const message = leaks ? "is not valid" : error.message;
  return { name, message: message + origin(setting, given.text, given.path) };
}

/** Where the refused text came from, or the text itself if it may be shown: what a file holds is kept out of sight. */
function origin(setting: Setting<unknown>, text: string, path: string | undefined): string {
  if (path !== undefined) return ` (read from the file ${path})`;
  if (!setting.echo) return "";
  return ` (got ${JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)})`;
}
