import { isIP } from "node:net";
import { defineSetting, type Setting, type SettingOptions, type Unset } from "./setting.js";

const hostName = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})?(\.[a-z0-9_]([a-z0-9_-]{0,62})?)*\.?$/i;

/** Whether the text has the form of a host name; an IP address, whole or in part, has not. */
export function isHostName(text: string): boolean {
  return hostName.test(text) && !/^[\d.]+$/.test(text);
}

/** The host at which this machine itself reaches what listens on `host`. */
export function ownHost(host: string): string {
  return anyAddress[host] ?? host;
}

const anyAddress: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/** Whether nothing but this machine itself reaches what listens on `host`. */
export function isLoopback(host: string): boolean {
  return host === "::1" || host.toLowerCase() === "localhost" || (isIP(host) === 4 && host.startsWith("127."));
}

/** An IP address or a host name to listen on. Whether this machine has it shows when it is opened. */
export function listenHost<D extends string | undefined = string>(
  options: SettingOptions<D>,
): Setting<string | Unset<D>> {
  const parse = (given: string): string | undefined => {
    const host = given.trim();
    return isIP(host) !== 0 || isHostName(host) ? host : undefined;
  };
  return defineSetting<string | Unset<D>>(parse, {
    ...options,
    allowed: "an IP address or a host name, without a port",
  });
}
