import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { cleanUpAfter, eventually, freeTcpPort, type Scope, tempDir, uniqueName } from "@sense-alerts/test-kit";
import type { BrokerOptions, BrokerSource, StartedBroker } from "./broker-source.js";
import type { BrokerImage } from "./docker-images.js";

const run = promisify(execFile);

export async function dockerAnswers(): Promise<boolean> {
  return run("docker", ["info"], { timeout: 10_000 }).then(
    () => true,
    () => false,
  );
}

/** The image, or why it cannot be pulled. */
export async function dockerBroker(image: BrokerImage): Promise<BrokerSource | string> {
  const isThere = () => run("docker", ["image", "inspect", image.image]);
  try {
    await isThere().catch(() => run("docker", ["pull", "--quiet", image.image], { timeout: 600_000 }));
  } catch (error) {
    return error instanceof Error ? (error.message.trim().split("\n").at(-1) ?? "unknown error") : String(error);
  }
  return {
    name: image.name,
    speaksMqtt5: true,
    can: new Set(image.can),
    forgetsAtRestart: false,
    start: (scope: Scope, options: BrokerOptions) => start(image, scope, options),
  };
}

async function start(image: BrokerImage, scope: Scope, { auth, instance }: BrokerOptions): Promise<StartedBroker> {
  const container = uniqueName(`${image.name}-${instance}`);
  const docker = async (...args: readonly string[]) => void (await run("docker", args, { timeout: 60_000 }));
  const dir = tempDir(scope);
  const mounts = Object.entries(image.files).flatMap(([path, text], index) => {
    const file = join(dir, String(index));
    writeFileSync(file, text, { mode: 0o644 });
    return ["--volume", `${file}:${path}:ro`];
  });
  const env = Object.entries(image.env).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  // Fixed ports, so that they stay the same over a restart.
  const port = await freeTcpPort();
  const wsPort = await freeTcpPort();
  const ports = ["--publish", `127.0.0.1:${port}:1883`];
  if (image.wsPort !== undefined) ports.push("--publish", `127.0.0.1:${wsPort}:${image.wsPort}`);
  cleanUpAfter(scope, () => docker("rm", "--force", "--volumes", container));
  await docker("run", "--detach", "--name", container, ...ports, ...env, ...mounts, image.image);
  await answers(port);
  const login = auth && image.can.includes("auth") ? { username: "admin", password: "admin-secret" } : undefined;
  return {
    version: image.image.slice(image.image.indexOf(":") + 1),
    mqttUrl: `mqtt://127.0.0.1:${port}`,
    mqtt311Url: `mqtt://127.0.0.1:${port}`,
    wsUrl: image.wsPort === undefined ? undefined : `ws://127.0.0.1:${wsPort}${image.wsPath ?? ""}`,
    mqttsUrl: undefined,
    caFile: undefined,
    admin: login,
    alerter: login,
    kill: () => docker("kill", container),
    async startAgain() {
      await docker("start", container);
      await answers(port);
    },
  };
}

/** CONNECT of MQTT 3.1.1 without a login: docker's own proxy takes connections before the broker does. */
const connectPacket = Buffer.from([0x10, 13, 0, 4, ...Buffer.from("MQTT"), 4, 2, 0, 10, 0, 1, 0x70]);

async function answers(port: number): Promise<void> {
  await eventually(
    () =>
      new Promise<void>((resolve, reject) => {
        const socket = connect(port, "127.0.0.1", () => void socket.write(connectPacket));
        const end = (error?: Error) => {
          socket.destroy();
          if (error === undefined) resolve();
          else reject(error);
        };
        socket.setTimeout(2_000, () => end(new Error("no CONNACK")));
        socket.once("data", () => end());
        socket.once("error", end);
        socket.once("close", () => end(new Error("closed")));
      }),
    { timeoutMs: 120_000, intervalMs: 500, what: "a CONNACK" },
  );
}
