import {
  type Allowed,
  type Discretion,
  defineSetting,
  type Setting,
  type SettingOptions,
  type Unset,
} from "./setting.js";

/** Any text; blanks around it are dropped. */
export function text<D extends string | undefined = string>(options: SettingOptions<D>): Setting<string | Unset<D>> {
  return defineSetting<string | Unset<D>>((given) => given.trim(), { ...options, allowed: "any text" });
}

/** Any text, kept exactly as given, that no message and no description ever shows. */
export function secretText<D extends string | undefined = string>(
  options: SettingOptions<D>,
): Setting<string | Unset<D>> {
  return defineSetting<string | Unset<D>>((given) => given, { ...options, allowed: "any text" }, { secret: true });
}

/** Texts between commas; blanks around each and empty ones are dropped. */
export function textList<D extends readonly string[] | undefined = readonly string[]>(
  options: SettingOptions<D>,
): Setting<readonly string[] | Unset<D>> {
  return defineSetting<readonly string[] | Unset<D>>(splitList, {
    ...options,
    allowed: "texts with commas between them",
  });
}

/** One of a few texts or numbers, in any case of letters. */
export function oneOf<const C extends string | number, D extends C | undefined = C>(
  options: SettingOptions<D> & { readonly choices: readonly C[] },
): Setting<C | Unset<D>> {
  const parse = (given: string): C | undefined => {
    const wanted = given.trim().toLowerCase();
    return options.choices.find((choice) => String(choice).toLowerCase() === wanted);
  };
  return defineSetting<C | Unset<D>>(parse, {
    ...options,
    allowed: `one of ${options.choices.join(", ")}`,
    example: options.example ?? String(options.default ?? options.choices[0]),
  });
}

/** On or off: true, yes, on, 1 or false, no, off, 0, in any case of letters. */
export function toggle<D extends boolean | undefined = boolean>(
  options: SettingOptions<D>,
): Setting<boolean | Unset<D>> {
  return defineSetting<boolean | Unset<D>>(parseToggle, {
    ...options,
    allowed: "true or false (yes or no, on or off, 1 or 0)",
    example: options.example ?? "true",
  });
}

/**
 * A kind of its own: `parse` gets the text and returns the value, or undefined for what is not `allowed`, or throws an
 * Error that tells more and goes on from the variable's name ("must be …"). The text itself is added to the message
 * unless the setting is secret or `echo` is false.
 */
export function parsed<T extends NonNullable<unknown>>(
  parse: (text: string) => T | undefined,
  options: SettingOptions<undefined> & Allowed & Discretion & { readonly default: undefined },
): Setting<T | undefined>;
export function parsed<T extends NonNullable<unknown>>(
  parse: (text: string) => T | undefined,
  options: SettingOptions<T> & Allowed & Discretion,
): Setting<T>;
export function parsed<T>(
  parse: (text: string) => T | undefined,
  options: SettingOptions<T | undefined> & Allowed & Discretion,
): Setting<T> {
  return defineSetting<T>(parse, options, options);
}

/** Undefined for any other word. */
export function parseToggle(given: string): boolean | undefined {
  const word = given.trim().toLowerCase();
  if (["true", "yes", "on", "1"].includes(word)) return true;
  return ["false", "no", "off", "0"].includes(word) ? false : undefined;
}

/** The parts of a comma list. Throws a TypeError when there is none. */
export function splitList(given: string): readonly string[] {
  const parts = given
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  if (parts.length === 0) throw new TypeError("must be a list with commas between its entries");
  return parts;
}
