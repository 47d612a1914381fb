import { isIPv6 } from "node:net";
import { commonSettings } from "../settings/common-settings.js";
import type { Environment } from "../settings/given-text.js";
import { loadSettings } from "../settings/load-settings.js";

const timeoutMs = 4_000;
const anyAddress: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/**
 * Asks the service with these settings (HTTP_HOST, HTTP_PORT) on this machine for `path`. Resolves to whether it answered 2xx,
 * and what it said or why there was no answer; never rejects. With HTTP_PORT=0 nobody can know where it listens.
 */
export async function checkHealth(env: Environment, path: string): Promise<{ healthy: boolean; text: string }> {
  try {
    const { HTTP_HOST, HTTP_PORT } = commonSettings;
    const settings = loadSettings({ HTTP_HOST, HTTP_PORT }, env);
    const host = anyAddress[settings.HTTP_HOST] ?? settings.HTTP_HOST;
    const url = `http://${isIPv6(host) ? `[${host}]` : host}:${settings.HTTP_PORT}${path}`;
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    return { healthy: response.ok, text: (await response.text()).trim() };
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    return { healthy: false, text: cause instanceof Error ? cause.message : String(cause) };
  }
}
