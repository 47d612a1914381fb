import { type Environment, givenText } from "./given-text.js";
import { mask, type Setting, type SettingsSpec } from "./setting.js";

interface Line {
  readonly assignment: string;
  readonly origin: string;
}

/**
 * Every setting in force, `NAME=value` and behind it as a comment where it comes from; `env` must be right. A shell,
 * `node --env-file` and Compose read the text alike: a line that hides something, has no value, or one that they would
 * not all read as it is, is a comment as a whole.
 */
export function printSettings(service: string, spec: SettingsSpec, env: Environment): string {
  const lines = Object.entries(spec).map(([name, setting]) => lineOf(name, setting, env));
  const width = Math.max(
    ...lines.map(({ assignment }) => (assignment.length > longestAligned ? 0 : assignment.length)),
  );
  const text = lines.map(({ assignment, origin }) => `${assignment.padEnd(width)}  # ${printable(origin)}\n`);
  return `# ${service}: every setting, and where it comes from. ${mask} stands for what is not shown.\n${text.join("")}`;
}

/** A longer one does not move the others' comments. */
const longestAligned = 80;

function lineOf(
  name: string,
  { cover, secret, writtenDefault, defaultText }: Setting<unknown>,
  env: Environment,
): Line {
  const given = givenText(name, env);
  if (given.kind !== "text") {
    const value = writtenDefault ?? "";
    return {
      assignment: assignmentOf(name, value, value === ""),
      origin: value === defaultText ? "default" : `default: ${defaultText}`,
    };
  }
  const text = given.text.trim();
  const shown = cover(text);
  return {
    assignment: assignmentOf(name, shown, secret || shown !== text),
    origin: given.path === undefined ? "variable" : `file ${given.path}, by ${name}_FILE`,
  };
}

function assignmentOf(name: string, text: string, isComment: boolean): string {
  const isBare = /^[\w.,:/@%*=-]*$/.test(text);
  const isQuotable = !text.includes("'") && printable(text) === text;
  if (!isBare && !isQuotable) return `#${name}=${printable(JSON.stringify(text))}`;
  return `${isComment ? "#" : ""}${name}=${isBare ? text : `'${text}'`}`;
}

/** What moves the cursor, turns the direction or cannot be seen, as an escape. */
function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}
