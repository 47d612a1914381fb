import type { SettingsSpec } from "./setting.js";

/** What documentation says of a setting. */
export interface SettingDescription {
  readonly name: string;
  /** The default as one would write it; `unset`, `empty` or `required` where there is none to write. */
  readonly defaultText: string;
  readonly description: string;
  /** Goes on from "must be ". */
  readonly allowed: string;
  readonly example: string | undefined;
  readonly secret: boolean;
}

/** The settings in the order of the spec, for documentation and for the test that compares it with the code. */
export function describeSettings(spec: SettingsSpec): readonly SettingDescription[] {
  return Object.entries(spec).map(([name, { defaultText, desc, allowed, example, secret }]) => ({
    name,
    defaultText,
    description: desc,
    allowed,
    example,
    secret,
  }));
}
