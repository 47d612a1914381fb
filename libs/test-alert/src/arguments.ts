import { parseArgs } from "node:util";
import { type Kind, kinds } from "./test-alert.js";

export type Request = {
  readonly kind: Kind;
  readonly host: string;
  readonly port: number;
  readonly taskName: string | undefined;
  readonly message: string | undefined;
  /** HTTP addresses of udp-ingest and mqtt-alerter, one for each replica. */
  readonly ingest: readonly string[];
  readonly alerter: readonly string[];
  readonly broker: string | undefined;
  /** A topic filter of MQTT. */
  readonly topic: string;
  readonly timeoutMs: number;
};

/** What counts where the arguments say nothing. */
export type Defaults = Pick<Request, "host" | "port" | "ingest">;

/** The arguments make no sense; the message says which, what is allowed, and gives an example. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const defaultTopic = "qliksense/#";
const defaultTimeoutSeconds = 10;
const longestTimeoutSeconds = 600;

const word = { type: "string" } as const;
const words = { type: "string", multiple: true } as const;
const options = {
  kind: word,
  host: word,
  port: word,
  "task-name": word,
  message: word,
  ingest: words,
  alerter: words,
  broker: word,
  topic: word,
  timeout: word,
  help: { type: "boolean", short: "h" },
} as const;

/** Reads the arguments behind the program's name; undefined when they ask for help. Throws a UsageError. */
export function readArguments(args: readonly string[], defaults: Defaults): Request | undefined {
  const { values } = parsed(args);
  if (values.help === true) return undefined;
  const kind = kinds.find((known) => known === (values.kind ?? "failed"));
  if (kind === undefined) throw wrong("--kind", `must be one of ${kinds.join(", ")}`, "failed");
  if (kind === "engine" && values["task-name"] !== undefined)
    throw wrong("--task-name", "goes with every kind but engine, whose datagrams name no task", '"Reload of Sales"');
  if (values.topic !== undefined && values.broker === undefined)
    throw wrong("--topic", "goes with --broker", "qliksense/# --broker mqtt://broker.example.com");
  return {
    kind,
    host: textOf("--host", values.host, "sense-alerts.example.com") ?? defaults.host,
    port: numberOf("--port", values.port, 65_535, "9998") ?? defaults.port,
    taskName: textOf("--task-name", values["task-name"], '"Reload of Sales"'),
    message: textOf("--message", values.message, '"Max retries reached"'),
    ingest: values.ingest?.map((given) => serviceUrl("--ingest", given)) ?? defaults.ingest,
    alerter: values.alerter?.map((given) => serviceUrl("--alerter", given)) ?? [],
    broker: values.broker === undefined ? undefined : brokerUrl(values.broker),
    topic: textOf("--topic", values.topic, defaultTopic) ?? defaultTopic,
    timeoutMs: 1_000 * (numberOf("--timeout", values.timeout, longestTimeoutSeconds, "30") ?? defaultTimeoutSeconds),
  };
}

const brokerHelp = `  --broker URL        the MQTT broker, mqtt://, mqtts://, ws:// or wss://: waits there for the alert. User, password and TLS
                      come from the environment, as for mqtt-alerter: MQTT_USERNAME, MQTT_PASSWORD, MQTT_TLS_CA_FILE …
  --topic FILTER      where at the broker alerts come (${defaultTopic})
`;

/** `canWait`: whether there is an MQTT client to wait with. */
export function helpOf(command: string, { host, port, ingest }: Defaults, canWait: boolean): string {
  return `${command} [options]    sends a test alert, and says how far it came and where it stuck

  --kind K            what happened to the task: ${kinds.join(", ")} (failed)
  --host H            the machine of udp-ingest (${host})
  --port P            its UDP port (${port})
  --task-name NAME    the name of the task; else one that says that it is a test
  --message TEXT      what Sense has logged; else what it logs as a rule

To see where it stuck; without these it only says whether somebody refused the datagram:
  --ingest URL        the HTTP address of udp-ingest, http://H:8080 as a rule${ingest.length === 0 ? "" : ` (${ingest.join(" ")})`}
  --alerter URL       the HTTP address of mqtt-alerter
                      Where a service has several replicas, give one for each.
${canWait ? brokerHelp : ""}  --timeout SECONDS   how long to wait (${defaultTimeoutSeconds})

Exit codes: 0 nothing stuck that could be seen, 1 it stuck, 64 wrong usage, 78 wrong settings.`;
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options });
  } catch (error) {
    // The rest of Node's message is about arguments that begin with a dash or have no name, and there are none
    // here.
    const [what = ""] = (error instanceof Error ? error.message : String(error)).split(". ");
    const allowed = Object.keys(options).map((name) => `--${name}`);
    throw new UsageError(`${what}. Allowed are ${allowed.join(" ")}. Example: --kind failed --host 10.0.0.5`);
  }
}

function textOf(name: string, given: string | undefined, example: string): string | undefined {
  if (given !== undefined && given.trim() === "") throw wrong(name, "must not be empty", example);
  return given;
}

function numberOf(name: string, given: string | undefined, max: number, example: string): number | undefined {
  if (given === undefined) return undefined;
  const value = /^\d{1,9}$/.test(given) ? Number(given) : 0;
  if (value < 1 || value > max) throw wrong(name, `must be a whole number from 1 to ${max}`, example);
  return value;
}

function serviceUrl(name: string, given: string): string {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== "" || url.pathname + url.search !== "/")
    throw wrong(name, "must be http:// or https://, a host and a port, and nothing else", "http://10.0.0.5:8080");
  return url.origin;
}

/** No message repeats it, for it may hold a password. */
function brokerUrl(given: string): string {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || !/^(mqtt|ws)s?:$/.test(url.protocol) || url.hostname === "")
    throw wrong("--broker", "must start with mqtt://, mqtts://, ws:// or wss:// and a host", "mqtt://10.0.0.7:1883");
  if (given.includes("@"))
    throw wrong(
      "--broker",
      "must hold no user and password, which others on this machine could see: set MQTT_USERNAME and MQTT_PASSWORD, or MQTT_PASSWORD_FILE, in the environment",
      "mqtt://10.0.0.7:1883",
    );
  return given;
}

function wrong(name: string, rule: string, example: string): UsageError {
  return new UsageError(`${name} ${rule}. Example: ${name} ${example}`);
}
