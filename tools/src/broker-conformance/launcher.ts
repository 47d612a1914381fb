import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { atProcessEnd, cleanUpAfter, type Scope } from "@sense-alerts/test-kit";
import type { BrokerOptions, BrokerSource, Capability, Login, StartedBroker } from "./broker-source.js";

const run = promisify(execFile);
const startTimeoutMs = 180_000;
const capabilities: readonly Capability[] = ["auth", "allow", "receive-max", "tls", "ws"];

/** One line of JSON that the launcher prints for a broker that it has started. */
interface Launched {
  readonly version: string;
  readonly mqtt?: string;
  readonly mqtt311?: string;
  readonly ws?: string;
  readonly mqtts?: string;
  readonly ca?: string;
  readonly users?: Readonly<Record<string, string>>;
}

/**
 * The brokers that a launcher offers: a program with the commands `list`, `up NAME [--as ID] [--auth] [--allow T,T…]
 * [--receive-max N] [--tls]`, `up ID --keep`, `signal ID NAME` and `down ID`. docs/brokers.md describes it.
 */
export async function launcherBrokers(launcher: string): Promise<BrokerSource[]> {
  const { stdout } = await run(launcher, ["list"]);
  return stdout.split("\n").flatMap((line) => {
    const [, name, speaks, words = ""] = /^(\w+) +MQTT ([\d.]+(?: and 5)?) +(.*)$/.exec(line) ?? [];
    if (name === undefined || speaks === undefined) return [];
    return [
      {
        name,
        speaksMqtt5: speaks.endsWith("5"),
        can: new Set(capabilities.filter((capability) => words.split(/[ ;]/).includes(capability))),
        forgetsAtRestart: words.includes("a restart forgets all"),
        start: (scope: Scope, options: BrokerOptions) => start(launcher, name, scope, options),
      },
    ];
  });
}

async function start(launcher: string, name: string, scope: Scope, options: BrokerOptions): Promise<StartedBroker> {
  const id = `${name}-${options.instance}-${process.pid}`;
  const command = async (...args: readonly string[]) => run(launcher, args, { timeout: startTimeoutMs });
  const forget = atProcessEnd(() => void spawnSync(launcher, ["down", id])); // the launcher's brokers outlive this process
  cleanUpAfter(scope, async () => {
    await command("down", id);
    forget();
  });
  const { stdout } = await command(
    ...["up", name, "--as", id],
    ...(options.auth ? ["--auth"] : []),
    ...(options.allow === undefined ? [] : ["--allow", options.allow.join(",")]),
    ...(options.receiveMax === undefined ? [] : ["--receive-max", String(options.receiveMax)]),
    ...(options.tls ? ["--tls"] : []),
  );
  const launched = JSON.parse(stdout) as Launched;
  return {
    version: launched.version,
    mqttUrl: launched.mqtt,
    mqtt311Url: launched.mqtt311 ?? launched.mqtt,
    wsUrl: launched.ws,
    mqttsUrl: launched.mqtts,
    caFile: launched.ca,
    admin: loginOf(launched, "admin"),
    alerter: loginOf(launched, "alerter"),
    kill: async () => void (await command("signal", id, "KILL")),
    startAgain: async () => void (await command("up", id, "--keep", "--as", id)),
  };
}

/** A broker may add a domain to the name. */
function loginOf({ users = {} }: Launched, user: string): Login | undefined {
  const [entry] = Object.entries(users).filter(([name]) => name.split("@")[0] === user);
  return entry && { username: entry[0], password: entry[1] };
}
