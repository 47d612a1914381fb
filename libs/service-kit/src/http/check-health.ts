import { once } from "node:events";
import { get } from "node:http";
import { text } from "node:stream/consumers";
import { commonSettings } from "../settings/common-settings.js";
import type { Environment } from "../settings/given-text.js";
import { ownHost } from "../settings/host-settings.js";
import { loadSettings } from "../settings/load-settings.js";

const timeoutMs = 4_000;

/**
 * Asks the service with these settings (HTTP_HOST, HTTP_PORT) on this machine for `path`. Resolves to whether it
 * answered 200, and what it said or why there was no answer; never rejects. With HTTP_PORT=0 nobody can know where it
 * listens.
 */
export async function checkHealth(env: Environment, path: string): Promise<{ healthy: boolean; text: string }> {
  try {
    const { HTTP_HOST, HTTP_PORT } = commonSettings;
    const settings = loadSettings({ HTTP_HOST, HTTP_PORT }, env);
    const host = ownHost(settings.HTTP_HOST);
    // Not fetch(): it refuses ports that browsers must not reach.
    const request = get({ host, port: settings.HTTP_PORT, path, signal: AbortSignal.timeout(timeoutMs) });
    const [response] = await once(request, "response");
    return { healthy: response.statusCode === 200, text: (await text(response)).trim() };
  } catch (error) {
    return { healthy: false, text: error instanceof Error ? error.message : String(error) };
  }
}
