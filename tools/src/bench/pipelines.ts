import { fileURLToPath } from "node:url";
import {
  cleanUpAfter,
  type Environment,
  eventually,
  type Mosquitto,
  type NatsServer,
  type Scope,
  type Service,
  startChild,
  startMosquitto,
  startNats,
  startService,
  syncAlways,
} from "@sense-alerts/test-kit";
import { type Receiver, startReceiver } from "./receiver.js";
import { send } from "./sender.js";

/** What datagrams go into and messages come out of. */
export interface Pipeline {
  readonly name: "relay" | "ours";
  readonly udpPort: number;
  readonly broker: Mosquitto;
  readonly receiver: Receiver;
}

export interface Ours extends Pipeline {
  readonly nats: NatsServer;
  readonly ingest: Service;
  readonly alerters: readonly Service[];
}

const relayProgram = fileURLToPath(new URL("relay.js", import.meta.url));

/** A broker of its own and the bare relay in front of it. */
export async function startRelay(scope: Scope): Promise<Pipeline> {
  const broker = await startMosquitto(scope);
  let output = "";
  const keep = (text: string) => {
    output += text;
  };
  const child = await startChild(process.execPath, [relayProgram, String(broker.port)], {
    onStdout: keep,
    onStderr: keep,
  });
  cleanUpAfter(scope, async () => void (await child.stop("SIGKILL", 5_000)));
  const udpPort = await eventually(() => {
    if (!/^\d+\n/.test(output)) throw new Error(`the relay is not up: ${output}`);
    return Number.parseInt(output, 10);
  });
  return { name: "relay", udpPort, broker, receiver: await startReceiver(scope, broker.port) };
}

export interface OursOptions {
  readonly alerters?: number;
  readonly syncAlways?: boolean;
  readonly ingestEnv?: Environment;
  /** Called when NATS and udp-ingest are there and no alerter is. */
  readonly beforeAlerters?: (nats: NatsServer) => Promise<void>;
}

/** NATS and a broker of their own, udp-ingest and mqtt-alerter with the settings that they have by themselves. */
export async function startOurs(scope: Scope, options: OursOptions = {}): Promise<Ours> {
  const { alerters: count = 1, ingestEnv = {} } = options;
  const [nats, broker] = await Promise.all([
    startNats(scope, options.syncAlways ? { config: syncAlways() } : {}),
    startMosquitto(scope),
  ]);
  const env = { NATS_URL: nats.url, MQTT_URL: broker.url };
  const ingest = await startService(scope, "udp-ingest", { ...env, ...ingestEnv }, { waitFor: "ready" });
  await options.beforeAlerters?.(nats);
  const alerters = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      startService(scope, "mqtt-alerter", { ...env, INSTANCE_ID: `bench-${index}` }, { waitFor: "ready" }),
    ),
  );
  const receiver = await startReceiver(scope, broker.port);
  return { name: "ours", udpPort: await ingest.udpPort(), broker, receiver, nats, ingest, alerters };
}

/** What is measured afterwards has compiled its code by then, like a service that has run for a while. */
export async function warmUp({ udpPort, receiver }: Pipeline): Promise<void> {
  await send(udpPort, 12_000, 4_000);
  await receiver.quiet(500);
}
