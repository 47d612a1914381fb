import { shown } from "../terminal.js";
import type { ButlerFile } from "./butler-file.js";

export type Variables = Readonly<Record<string, string>>;

/** What is to become of some keys, before the services' own settings have had their say. */
export type Verdict =
  /** With a `doubt` the variables are written, and somebody has to look at them. */
  | { readonly outcome: "set"; readonly variables: Variables; readonly doubt?: string; readonly suggested?: Variables }
  | { readonly outcome: "decide"; readonly why: string; readonly suggested?: Variables }
  | { readonly outcome: "none"; readonly why: string };

export type Rule = {
  /** Paths below `Butler`; what lies below one of them goes with it. No key is in two rules. */
  readonly keys: readonly string[];
  /** Called when one of the keys is there. Throws a TypeError, a sentence, when a value makes no sense. */
  readonly judge: (file: ButlerFile) => Verdict;
};

/** What can stand as text in an environment variable, or undefined when the key is not there. Throws a TypeError. */
export function textAt(file: ButlerFile, path: string): string | undefined {
  const key = file.get(path);
  return key === undefined ? undefined : asText(key.value, path);
}

/** The entries of a list; a section without any is null in Butler's template. Throws a TypeError. */
export function listAt(file: ButlerFile, path: string): readonly unknown[] {
  const value = file.get(path)?.value ?? [];
  if (!Array.isArray(value)) throw new TypeError(`${path} must be a list`);
  return value;
}

/** A switch that is not there is off. Throws a TypeError. */
export function isOn(file: ButlerFile, path: string): boolean {
  const value = file.get(path)?.value ?? false;
  if (typeof value !== "boolean") throw new TypeError(`${path} must be true or false`);
  return value;
}

export function asText(value: unknown, name: string): string {
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") {
    throw new TypeError(`${name} must be a text, a number or true or false, and is ${kindOf(value)}`);
  }
  const text = String(value).trim();
  if (text === "") throw new TypeError(`${name} is empty`);
  if (text.includes("${")) throw new TypeError(`${name} holds a \${…} that nothing fills in: write what it stands for`);
  if (/^<.*>$/.test(text)) throw new TypeError(`${name} still holds the <…> of Butler's template`);
  if (/[{}]/.test(text))
    throw new TypeError(`${name} holds braces, which are the marks of placeholders in a topic here`);
  if (shown(text) !== text) throw new TypeError(`${name} holds a character that cannot be seen`);
  return text;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "empty";
  return Array.isArray(value) ? "a list" : "a section";
}
