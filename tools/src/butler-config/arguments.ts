import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { parsed, UsageError } from "../usage.js";

export type Command =
  | { readonly name: "help" }
  /** `out` is undefined for stdout. */
  | { readonly name: "translate"; readonly file: string; readonly out: string | undefined; readonly force: boolean };

export const help = `npm run butler-config -- <production.yaml>    the .env of both services from a Butler configuration, of 5.0 or later

  --out <file>   where it goes; .env if not given, - for stdout
  --force        overwrites a file that is there

It says of every key whether it is carried over, has no counterpart, or needs a decision. Butler's file stays as it is;
no password is copied or shown. What is not carried over and could be is in the .env as a comment.
Exit codes: 0 the .env is written, 1 it is not, 64 wrong usage.`;

const options = {
  out: { type: "string", default: ".env" },
  force: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** Reads the arguments behind the program's name. Throws a UsageError. */
export function readArguments(args: readonly string[]): Command {
  const { values, positionals } = parsed(() => parseArgs({ args: [...args], options, allowPositionals: true }));
  const [file, ...more] = positionals;
  if (values.help || file === "help") return { name: "help" };
  if (file === undefined) throw new UsageError("the path of Butler's production.yaml is missing");
  if (more.length > 0) throw new UsageError("there is one file to read at a time");
  if (values.out === "") throw new UsageError("--out needs the path of a file, or - for stdout");
  if (resolve(values.out) === resolve(file)) throw new UsageError("--out must be another file than Butler's");
  return { name: "translate", file, out: values.out === "-" ? undefined : values.out, force: values.force };
}
