import { readFileSync, writeFileSync } from "node:fs";
import { type Command, help, readArguments } from "./butler-config/arguments.js";
import { readButlerFile } from "./butler-config/butler-file.js";
import { envFileOf } from "./butler-config/env-file.js";
import { reportOf } from "./butler-config/report.js";
import { translate } from "./butler-config/translate.js";
import { shown } from "./terminal.js";
import { UsageError } from "./usage.js";

/** Reads Butler's file, writes the .env and tells; the exit code. */
function run({ file, out, force }: Extract<Command, { name: "translate" }>): number {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    return failed(`${file} cannot be read: ${explained(error)}`);
  }
  const reading = readButlerFile(bytes);
  if (!reading.ok) return failed(`${file}: ${reading.problem}`);

  const entries = translate(reading.file);
  const env = envFileOf(entries, file);
  if (out === undefined) {
    process.stdout.write(env);
  } else {
    try {
      writeFileSync(out, env, { flag: force ? "w" : "wx" });
    } catch (error) {
      return failed(`${out} cannot be written: ${explained(error)}`);
    }
  }
  // The .env may be on its way to another program.
  const say = out === undefined ? console.error : console.log;
  for (const line of reportOf(entries)) say(line);
  say(shown(`The .env of both services is ${out === undefined ? "on stdout" : `in ${out}`}. No password is in it.`));
  say("Next: NATS_URL, which Butler has no word for, and docs/moving-from-butler.md.");
  return 0;
}

function failed(problem: string): 1 {
  console.error(shown(`butler-config: ${problem}`));
  return 1;
}

const explanations: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EISDIR: "it is a folder",
  EACCES: "this user may not",
  EEXIST: "it is there already; --force overwrites it, --out writes another one",
};

function explained(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  return `${explanations[code] ?? "the system refuses"} (${code})`;
}

function main(args: readonly string[]): number {
  try {
    const command = readArguments(args);
    if (command.name !== "help") return run(command);
    console.log(help);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(shown(`butler-config: ${error.message}`));
    console.error(`\n${help}`);
    return 64;
  }
}

process.exitCode = main(process.argv.slice(2));
