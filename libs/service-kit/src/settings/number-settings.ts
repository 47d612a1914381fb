import { defineSetting, type Setting, type SettingOptions, type Unset } from "./setting.js";

/** Both ends are allowed values. */
export interface NumberRange {
  readonly min: number;
  /** Without one, the largest integer that a number holds exactly. */
  readonly max?: number;
}

/** A whole number in decimal digits; its unit is in the setting's name. `10abc`, `1e3`, `1.5` and `007` are refused. */
export function wholeNumber<D extends number | undefined = number>(
  options: SettingOptions<D> & NumberRange,
): Setting<number | Unset<D>> {
  return defineSetting<number | Unset<D>>(numberParser(options), {
    ...options,
    allowed: `a whole number ${inWords(options)}`,
  });
}

/** A whole number of bytes. */
export function bytes<D extends number | undefined = number>(
  options: SettingOptions<D> & NumberRange,
): Setting<number | Unset<D>> {
  return defineSetting<number | Unset<D>>(numberParser(options), {
    ...options,
    allowed: `a whole number of bytes ${inWords(options)}`,
  });
}

function numberParser({ min, max = Number.MAX_SAFE_INTEGER }: NumberRange): (given: string) => number | undefined {
  return (given) => {
    const digits = given.trim();
    const value = Number(digits);
    return /^(0|-?[1-9]\d*)$/.test(digits) && value >= min && value <= max ? value : undefined;
  };
}

function inWords({ min, max }: NumberRange): string {
  return max === undefined ? `of at least ${min}` : `from ${min} to ${max}`;
}
