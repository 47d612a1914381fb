import { makeExactValidator, type ValidatorSpec } from "envalid";

/**
 * What every kind of setting is given. A default is taken as it stands and makes the setting optional; `default:
 * undefined` leaves it unset.
 */
export interface SettingOptions<D> {
  /** One sentence for the table of all settings. */
  readonly desc: string;
  readonly default?: D;
  /** How documentation shows the default, where the value itself would mislead ("host name"). */
  readonly defaultText?: string;
  /** A value that would be accepted, shown when another was not. Without one the default serves. */
  readonly example?: string;
}

/** What texts a setting takes, in words that go on from "must be ". */
export interface Allowed {
  readonly allowed: string;
}

/** `undefined` if a default of type D can leave the setting unset. */
export type Unset<D> = Extract<D, undefined>;

/** One environment variable that reads as a T: how its text is checked, and how it is described. */
export interface Setting<T> {
  readonly validator: ValidatorSpec<unknown>;
  /** Undefined when the variable must be set. */
  readonly fallback: { readonly value: T } | undefined;
  readonly desc: string;
  readonly allowed: string;
  readonly defaultText: string;
  /** The default as one would write it in the environment; undefined where there is none. */
  readonly writtenDefault: string | undefined;
  readonly example: string | undefined;
  /** Its value appears in no message. */
  readonly secret: boolean;
  /** A refused text may be repeated in the message. */
  readonly echo: boolean;
  /** The text without what is nobody's business, such as the login in a URL. */
  readonly cover: (text: string) => string;
}

/** The settings of one service, by the name of the environment variable. */
export type SettingsSpec = Readonly<Record<string, Setting<unknown>>>;

/** The values that a spec yields. */
export type SettingsOf<S extends SettingsSpec> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never;
};

/** What may be said of a text that was refused. */
export interface Discretion {
  readonly secret?: boolean;
  readonly echo?: boolean;
  readonly cover?: (text: string) => string;
}

/** What stands for a text that is not shown; it tells nothing of its length. */
export const mask = "********";

/**
 * A setting of any kind. `parse` gets text that is not blank and returns the value; or undefined for what is not
 * `allowed`; or throws an Error that tells more, whose message goes on from the variable's name: "must be …".
 */
export function defineSetting<T>(
  parse: (text: string) => T | undefined,
  options: SettingOptions<unknown> & Allowed,
  { secret = false, echo = !secret, cover = secret ? () => mask : (text) => text }: Discretion = {},
): Setting<T> {
  // An absent default and `default: undefined` are two things: the second makes the setting optional.
  const fallback = "default" in options ? { value: options.default as T } : undefined;
  const written = writtenForm(options.default);
  return {
    validator: makeExactValidator<unknown>(guarded(parse, options.allowed))(
      fallback === undefined ? {} : { default: fallback.value ?? undefined },
    ),
    fallback,
    desc: options.desc,
    allowed: options.allowed,
    writtenDefault: fallback?.value === undefined ? undefined : (written ?? options.defaultText),
    defaultText: options.defaultText ?? (fallback === undefined ? "required" : defaultTextOf(fallback.value, written)),
    example: options.example ?? (secret ? undefined : written || undefined),
    secret,
    echo,
    cover,
  };
}

/** envalid loses what is thrown and is not an Error, and would then report nothing. */
function guarded<T>(parse: (text: string) => T | undefined, allowed: string): (text: string) => T {
  return (text) => {
    try {
      const value = parse(text);
      if (value === undefined) throw new TypeError(`must be ${allowed}`);
      return value;
    } catch (error) {
      throw error instanceof Error ? error : new TypeError(String(error));
    }
  };
}

function defaultTextOf(value: unknown, written: string | undefined): string {
  if (value === undefined) return "unset";
  if (written === undefined) throw new TypeError("a default that has no written form needs a defaultText");
  return written === "" ? "empty" : written;
}

/** The value as one would write it in the environment, where that is known. */
function writtenForm(value: unknown): string | undefined {
  const parts: readonly unknown[] = Array.isArray(value) ? value : [value];
  return parts.every((part) => ["string", "number", "boolean"].includes(typeof part)) ? parts.join(",") : undefined;
}
