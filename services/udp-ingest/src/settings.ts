import { isAbsolute } from "node:path";
import {
  bytes,
  checkEach,
  checkNatsSettings,
  commonSettings,
  type Environment,
  listenHost,
  loadSettings,
  natsSettings,
  parsed,
  type SettingsOf,
  wholeNumber,
} from "@sense-alerts/service-kit";
import { parseSourceRule } from "./admission/allowed-sources.js";
import { isUsableFallbackEncoding } from "./datagram/text.js";
import { isTimezone } from "./datagram/timezone.js";

/** The largest payload of a UDP datagram over IPv4. */
const largestDatagramBytes = 65_507;

export const udpIngestSettings = {
  UDP_HOST: listenHost({
    default: "0.0.0.0",
    desc: "Address that datagrams are received on; `::` = IPv4 and IPv6",
  }),
  UDP_PORT: wholeNumber({
    default: 9998,
    min: 0,
    max: 65_535,
    desc: "Port that datagrams are received on, the remotePort of the log appender; 0 = any free one",
  }),
  UDP_RECEIVE_BUFFER_BYTES: bytes({
    default: 8_388_608,
    min: 4_096,
    max: 1_073_741_824,
    desc: "Receive buffer asked of the kernel: what holds a burst. Linux grants `net.core.rmem_max` at most",
  }),
  UDP_MAX_DATAGRAM_BYTES: bytes({
    default: largestDatagramBytes,
    min: 1,
    max: largestDatagramBytes,
    desc: "Larger datagrams are rejected as `too-large`",
  }),
  UDP_ALLOWED_SOURCES: parsed((given) => given.split(",").map((entry) => parseSourceRule(entry.trim())), {
    allowed: "IP addresses, CIDR ranges and host names, with commas between them",
    default: [],
    defaultText: "any",
    example: "10.0.0.5,10.1.0.0/16,sense1.example.com",
    desc: "Senders that are taken: IP addresses, CIDR ranges and host names, with commas between them",
  }),
  UDP_SOURCE_RATE_PER_SECOND: wholeNumber({
    default: undefined,
    min: 1,
    max: 1_000_000,
    example: "500",
    desc: "Datagrams a second taken from one source on the average, so that none silences the others; unset = no limit. What is over it is rejected as `source-rate-exceeded`",
  }),
  UDP_FALLBACK_ENCODING: parsed(parseEncoding, {
    allowed: "the name of an encoding that has ASCII in it, such as windows-1251 or shift_jis",
    default: "windows-1252",
    desc: "Encoding of what is not valid UTF-8: the Windows code page of Sense servers whose log appender sets no encoding",
  }),
  SENSE_TIMEZONE: parsed(parseTimezone, {
    allowed: "the IANA name of a time zone",
    default: undefined,
    example: "Europe/Stockholm",
    desc: "Time zone of the Sense servers (IANA name); with it alerts carry `logTimeStampUtc`",
  }),
  BUFFER_MAX_EVENTS: wholeNumber({
    default: 100_000,
    min: 1,
    max: 10_000_000,
    desc: "Events kept in memory that NATS has not stored, datagrams that wait included; past it they are in the spool only; without a spool the oldest are dropped and counted",
  }),
  BUFFER_MAX_BYTES: bytes({
    default: 67_108_864,
    min: 65_536,
    desc: "Bytes of these events in memory; past it they are in the spool only; without a spool the oldest are dropped and counted",
  }),
  SPOOL_DIR: parsed(parseDirectory, {
    allowed: "an absolute path",
    default: undefined,
    example: "/var/lib/sense-alerts/spool",
    desc: "Directory for events that NATS has not acknowledged, so that a stop or a kill does not lose them; on a local disk, or on a volume that moves with the pod; each udp-ingest needs its own; unset = memory only",
  }),
  SPOOL_MAX_BYTES: bytes({
    default: 1_073_741_824,
    min: 1_048_576,
    desc: "Most that the spool takes on disk; past it the oldest events are dropped and counted",
  }),
  UDP_DRAIN_SECONDS: wholeNumber({
    default: 0,
    min: 0,
    max: 3_600,
    desc: "How long datagrams are still received after SIGTERM, while `/readyz` says 503: until whatever routes them has chosen another instance",
  }),
};

/** Every setting of the service. */
export const spec = { ...udpIngestSettings, ...natsSettings, ...commonSettings };

export type UdpIngestSettings = SettingsOf<typeof spec>;

/** Throws a SettingsError that lists all that is wrong. */
export function readSettings(env: Environment): UdpIngestSettings {
  return loadSettings(spec, env, checkEach(checkNatsSettings, checkDrain));
}

/** What came in during the drain has to be stored in the rest of the time. */
function checkDrain({ UDP_DRAIN_SECONDS: drain, SHUTDOWN_TIMEOUT_SECONDS: timeout }: UdpIngestSettings) {
  if (drain * 2 <= timeout) return [];
  const message = `must be at most half of SHUTDOWN_TIMEOUT_SECONDS, which is ${timeout}`;
  return [{ name: "UDP_DRAIN_SECONDS", message, example: String(Math.floor(timeout / 2)) }];
}

function parseEncoding(given: string): string | undefined {
  const label = given.trim();
  return isUsableFallbackEncoding(label) ? label : undefined;
}

function parseTimezone(given: string): string | undefined {
  const name = given.trim();
  return isTimezone(name) ? name : undefined;
}

function parseDirectory(given: string): string | undefined {
  const path = given.trim();
  return isAbsolute(path) ? path : undefined;
}
