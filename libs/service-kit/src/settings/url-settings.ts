import { defineSetting, mask, type Setting, type SettingOptions, type Unset } from "./setting.js";
import { splitList } from "./text-settings.js";

export interface UrlRules {
  /** Without the colon: `["mqtt", "mqtts"]`. */
  readonly protocols: readonly string[];
  /** Name what to set instead of `user:password@` in the URL, and such a URL is refused. */
  readonly loginBelongsIn?: string;
}

/** A URL with a host, as it was given. No message repeats it, for it may hold a password. */
export function url<D extends string | undefined = string>(
  options: SettingOptions<D> & UrlRules,
): Setting<string | Unset<D>> {
  return defineSetting<string | Unset<D>>(
    (given) => checkedUrl(given.trim(), options),
    { ...options, allowed: `a URL that starts with ${startsOf(options)}` },
    { echo: false, cover: coverUrl },
  );
}

/** One or more URLs with commas between them, each as it was given. */
export function urlList<D extends readonly string[] | undefined = readonly string[]>(
  options: SettingOptions<D> & UrlRules,
): Setting<readonly string[] | Unset<D>> {
  const parse = (given: string): readonly string[] => {
    const entries = splitList(given);
    return entries.map((entry, index) =>
      checkedUrl(entry, options, entries.length === 1 ? "" : ` (entry ${index + 1} of ${entries.length})`),
    );
  };
  return defineSetting<readonly string[] | Unset<D>>(
    parse,
    { ...options, allowed: `URLs that start with ${startsOf(options)}, with commas between them` },
    { echo: false, cover: (text) => splitList(text).map(coverUrl).join(",") },
  );
}

/** The URL for a log line: no user, no password, no query. What is no URL comes back as `(not a URL)`. */
export function withoutLogin(text: string): string {
  const found = hostedUrl(text);
  if (found === undefined) return "(not a URL)";
  const { protocol, host, pathname } = found;
  return `${protocol}//${host}${pathname === "/" ? "" : pathname}`;
}

/** The URL with a mask in place of its login, and of its query, which may hold a token. */
function coverUrl(given: string): string {
  const text = given.trim();
  const found = hostedUrl(text);
  if (found === undefined) return mask;
  const { protocol, host, pathname, username, password, search, hash } = found;
  const login = username + password === "" ? "" : `${mask}@`;
  const query = search + hash === "" ? "" : `?${mask}`;
  return login + query === "" ? text : `${protocol}//${login}${host}${pathname}${query}`;
}

function startsOf({ protocols }: UrlRules): string {
  return protocols.map((protocol) => `${protocol}://`).join(" or ");
}

function checkedUrl(given: string, rules: UrlRules, where = ""): string {
  const { protocols, loginBelongsIn } = rules;
  const allowed = protocols.map((protocol) => `${protocol}://`);
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(given)?.[0].toLowerCase();
  if (scheme === undefined || !allowed.includes(scheme)) {
    const got = scheme === undefined ? "" : `, not with ${scheme}`;
    throw new TypeError(`must be a URL that starts with ${startsOf(rules)}${got}${where}`);
  }
  const found = hostedUrl(given);
  if (found === undefined) {
    throw new TypeError(
      `must be a URL: ${allowed[0]}, a host and perhaps a port; in a user or password, write / @ : # ? as %2F %40 %3A %23 %3F${where}`,
    );
  }
  if (loginBelongsIn !== undefined && (found.username !== "" || found.password !== "")) {
    throw new TypeError(`must not hold a user or password; set ${loginBelongsIn}${where}`);
  }
  return given;
}

/**
 * An `@` behind the host is a password with a bare / ? or # in it, cut in two: its first half would pass for the host.
 */
function hostedUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const found = new URL(text);
  const cut = (found.pathname + found.search + found.hash).includes("@");
  return found.hostname === "" || cut ? undefined : found;
}
