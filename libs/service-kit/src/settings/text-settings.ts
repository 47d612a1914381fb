import { type Discretion, defineSetting, type Setting, type SettingOptions, type Unset } from "./setting.js";

/** Any text; blanks around it are dropped. */
export function text<D extends string | undefined = string>(options: SettingOptions<D>): Setting<string | Unset<D>> {
  return defineSetting<string | Unset<D>>((given) => given.trim(), options);
}

/** Any text, kept exactly as given, that no message and no description ever shows. */
export function secretText<D extends string | undefined = string>(
  options: SettingOptions<D>,
): Setting<string | Unset<D>> {
  return defineSetting<string | Unset<D>>((given) => given, options, { secret: true });
}

/** Texts between commas; blanks around each and empty ones are dropped. */
export function textList<D extends readonly string[] | undefined = readonly string[]>(
  options: SettingOptions<D>,
): Setting<readonly string[] | Unset<D>> {
  return defineSetting<readonly string[] | Unset<D>>(splitList, options);
}

/** One of a few texts or numbers, in any case of letters. */
export function oneOf<const C extends string | number, D extends C | undefined = C>(
  options: SettingOptions<D> & { readonly choices: readonly C[] },
): Setting<C | Unset<D>> {
  const parse = (given: string): C => {
    const wanted = given.trim().toLowerCase();
    const found = options.choices.find((choice) => String(choice).toLowerCase() === wanted);
    if (found === undefined) throw new TypeError(`must be one of ${options.choices.join(", ")}`);
    return found;
  };
  return defineSetting<C | Unset<D>>(parse, {
    ...options,
    example: options.example ?? String(options.default ?? options.choices[0]),
  });
}

/** On or off: true, yes, on, 1 or false, no, off, 0, in any case of letters. */
export function toggle<D extends boolean | undefined = boolean>(
  options: SettingOptions<D>,
): Setting<boolean | Unset<D>> {
  return defineSetting<boolean | Unset<D>>(parseToggle, { ...options, example: options.example ?? "true" });
}

/**
 * A kind of its own: `parse` gets the text and returns the value, or throws an Error whose message goes on from the
 * variable's name ("must be …"). The text itself is added to the message unless the setting is secret or `echo` is false.
 */
export function parsed<T extends NonNullable<unknown>>(
  parse: (text: string) => T,
  options: SettingOptions<undefined> & Discretion & { readonly default: undefined },
): Setting<T | undefined>;
export function parsed<T extends NonNullable<unknown>>(
  parse: (text: string) => T,
  options: SettingOptions<T> & Discretion,
): Setting<T>;
export function parsed<T>(parse: (text: string) => T, options: SettingOptions<T | undefined> & Discretion): Setting<T> {
  return defineSetting<T>(parse, options, options);
}

export function parseToggle(given: string): boolean {
  const word = given.trim().toLowerCase();
  if (["true", "yes", "on", "1"].includes(word)) return true;
  if (["false", "no", "off", "0"].includes(word)) return false;
  throw new TypeError("must be true or false (yes or no, on or off, 1 or 0)");
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
