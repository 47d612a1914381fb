import { hostname } from "node:os";
import { isLoopback, listenHost } from "./host-settings.js";
import { wholeNumber } from "./number-settings.js";
import type { SettingsOf } from "./setting.js";
import { oneOf, parsed, parseToggle } from "./text-settings.js";

/** The settings that every service has. */
export const commonSettings = {
  HTTP_HOST: listenHost({ default: "0.0.0.0", desc: "Address that the HTTP server listens on" }),
  HTTP_PORT: wholeNumber({
    default: 8080,
    min: 0,
    max: 65535,
    desc: "Port of the HTTP server: health, metrics, status page; 0 = any free one",
  }),
  LOG_LEVEL: oneOf({
    choices: ["trace", "debug", "info", "warn", "error", "fatal", "silent"],
    default: "info",
    desc: "Least severe level that is logged",
  }),
  LOG_PRETTY: parsed(parsePretty, {
    allowed: "auto, true or false",
    default: "auto",
    desc: "Log for human eyes instead of JSON lines; auto = only on a terminal",
  }),
  INSTANCE_ID: parsed(parseInstanceId, {
    allowed: "1 to 128 characters, each a letter A to Z, a digit, a dot, _ or -",
    default: instanceIdFrom(hostname()),
    defaultText: "host name",
    example: "ingest-1",
    desc: "Name of this instance in events, logs and on the status page",
  }),
  STATUS_PAGE: oneOf({
    choices: ["auto", "full", "counts", "off"],
    default: "auto",
    desc: "Status page at `/`, which has no login: `full` shows names of tasks and what datagrams hold, `counts` neither, `off` = no page; `auto` = `full` when HTTP_HOST is a loopback address, else `counts`",
  }),
  SHUTDOWN_TIMEOUT_SECONDS: wholeNumber({
    default: 20,
    min: 1,
    max: 3600,
    desc: "How long a stop may take before the process gives up and exits with code 1",
  }),
};

export type CommonSettings = SettingsOf<typeof commonSettings>;

/** How much the status page may tell. */
export function statusDetailOf({
  STATUS_PAGE: chosen,
  HTTP_HOST: host,
}: Pick<CommonSettings, "STATUS_PAGE" | "HTTP_HOST">): Exclude<CommonSettings["STATUS_PAGE"], "auto"> {
  if (chosen !== "auto") return chosen;
  return isLoopback(host) ? "full" : "counts";
}

function parsePretty(given: string): "auto" | boolean | undefined {
  return given.trim().toLowerCase() === "auto" ? "auto" : parseToggle(given);
}

function parseInstanceId(given: string): string | undefined {
  const id = given.trim();
  return /^[A-Za-z0-9._-]{1,128}$/.test(id) ? id : undefined;
}

/** A host name may hold what an instance id may not. */
export function instanceIdFrom(host: string): string {
  return host.replace(/[^A-Za-z0-9._-]/g, "-").slice(0, 128) || "localhost";
}
