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
  return defineSetting<number | Unset<D>>(numberParser("a whole number", options), options);
}

/** A whole number of bytes. */
export function bytes<D extends number | undefined = number>(
  options: SettingOptions<D> & NumberRange,
): Setting<number | Unset<D>> {
  return defineSetting<number | Unset<D>>(numberParser("a whole number of bytes", options), options);
}

function numberParser(what: string, { min, max = Number.MAX_SAFE_INTEGER }: NumberRange): (given: string) => number {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  return (given) => {
    const digits = given.trim();
    const value = Number(digits);
    if (!/^(0|-?[1-9]\d*)$/.test(digits) || value < min || value > max)
      throw new RangeError(`must be ${what} ${range}`);
    return value;
  };
}
