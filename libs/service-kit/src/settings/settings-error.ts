/** One thing that is wrong with one setting. */
export interface SettingProblem {
  /** The environment variable to change. */
  readonly name: string;
  /** Goes on from the name: "must be …". */
  readonly message: string;
  /** A value that would be accepted. */
  readonly example?: string;
  /** The variable that the example is for, if that is another one. */
  readonly exampleName?: string;
}

/** All that is wrong with the settings at once; `message` is plain text for the person who has to mend it. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
  readonly problems: readonly SettingProblem[];

  constructor(problems: readonly SettingProblem[]) {
    const heading = problems.length === 1 ? "1 setting is wrong." : `${problems.length} settings are wrong.`;
    super([heading, "", ...problems.map(problemLine)].join("\n"));
    this.problems = problems;
  }
}

function problemLine({ name, message, example, exampleName = name }: SettingProblem): string {
  const sentence = message.endsWith(".") ? message : `${message}.`;
  return `  ${name}: ${sentence}${example === undefined ? "" : ` Example: ${exampleName}=${example}`}`;
}
