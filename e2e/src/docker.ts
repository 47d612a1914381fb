import { execFile, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { cleanUpAfter, type Environment, freeTcpPort, freeUdpPort, type Scope } from "@sense-alerts/test-kit";

const execute = promisify(execFile);
const root = fileURLToPath(new URL("../../../", import.meta.url));
const composeTimeoutMs = 120_000;

/** The version that all packages share. */
export const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };

/** Where each image comes from. */
const dockerfiles = {
  "udp-ingest": "services/udp-ingest/Dockerfile",
  "mqtt-alerter": "services/mqtt-alerter/Dockerfile",
  "sense-simulator": "tools/Dockerfile",
};
export type ImageName = keyof typeof dockerfiles;
export const baseImage = "node:24-bookworm-slim";

export function imageOf(name: ImageName): string {
  return `sense-alerts/${name}:${version}`;
}

/** Runs the docker command and resolves to what it printed; rejects with that when it fails. */
export async function docker(...args: readonly string[]): Promise<string> {
  const { stdout } = await execute("docker", args, { cwd: root, maxBuffer: 64 * 1024 * 1024 });
  return stdout.trim();
}

/** Throws when no engine answers, with what to do. */
export function requireEngine(): void {
  if (spawnSync("docker", ["info"], { stdio: "ignore" }).status === 0) return;
  throw new Error("No Docker engine answers (docker info): these tests need one. Install Docker, or start its engine.");
}

/** Whether the engine has an image, or can pull it. */
export function imageCanBeHad(image: string): boolean {
  return [["image", "inspect"], ["pull"]].some(
    (command) => spawnSync("docker", [...command, image], { stdio: "ignore", timeout: 120_000 }).status === 0,
  );
}

/** What the images are built from. */
export async function revision(): Promise<string> {
  const { stdout } = await execute("git", ["rev-parse", "HEAD"], { cwd: root });
  return stdout.trim();
}

/** Builds the three images as docs/install.md says. */
export async function buildImages(): Promise<void> {
  for (const [name, dockerfile] of Object.entries(dockerfiles)) {
    // A build step may have no other network where the engine runs inside a container.
    const args = ["--network", "host", "--build-arg", `REVISION=${await revision()}`];
    await docker("build", "-q", ...args, "-f", dockerfile, "-t", imageOf(name as ImageName), ".");
  }
}

/** What docker inspect says of a container or an image, the fields that tests look at. */
export interface Inspected {
  readonly Size: number;
  readonly Config: {
    readonly User: string;
    readonly Entrypoint: readonly string[];
    readonly Labels: Readonly<Record<string, string>>;
    readonly Healthcheck: { readonly Test: readonly string[] };
  };
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean;
    readonly CapDrop: readonly string[];
    readonly SecurityOpt: readonly string[];
    readonly Init: boolean;
    readonly Memory: number;
    readonly PidsLimit: number;
  };
  readonly State: { readonly ExitCode: number; readonly Status: string; readonly Health?: { readonly Status: string } };
  readonly RestartCount: number;
}

export async function inspect(what: string): Promise<Inspected> {
  const [found] = JSON.parse(await docker("inspect", what)) as [Inspected];
  return found;
}

export interface Compose {
  readonly udpPort: number;
  readonly mqttPort: number;
  readonly prometheusPort: number;
  readonly grafanaPort: number;
  /** Runs a compose command on the project, with its profiles. */
  run(...args: readonly string[]): Promise<string>;
  /** The ids of a service's containers, stopped ones too. */
  containers(service: string): Promise<string[]>;
}

/**
 * A project of docker-compose.yml under a name of its own and on free ports, taken down with its volumes when the scope
 * ends.
 */
export async function composeProject(t: Scope, profiles: readonly string[], env: Environment = {}): Promise<Compose> {
  const [udpPort, mqttPort] = [await freeUdpPort(), await freeTcpPort()];
  const [prometheusPort, grafanaPort] = [await freeTcpPort(), await freeTcpPort()];
  const project = `sense-alerts-test-${randomBytes(3).toString("hex")}`;
  const { PATH = "", HOME = "/root" } = process.env;
  const ports = {
    UDP_PUBLISH: String(udpPort),
    MQTT_PUBLISH: `127.0.0.1:${mqttPort}`,
    PROMETHEUS_PUBLISH: `127.0.0.1:${prometheusPort}`,
    GRAFANA_PUBLISH: `127.0.0.1:${grafanaPort}`,
  };
  const own = { PATH, HOME, ...ports, ...env };
  const [program, ...first] = composeCommand();
  const fixed = [...first, "-p", project, ...profiles.flatMap((profile) => ["--profile", profile])];
  async function run(...args: readonly string[]): Promise<string> {
    const options = { cwd: root, env: own, timeout: composeTimeoutMs, maxBuffer: 64 * 1024 * 1024 };
    const { stdout } = await execute(program, [...fixed, ...args], options);
    return stdout.trim();
  }
  cleanUpAfter(t, async () => void (await run("down", "-v", "--remove-orphans", "-t", "5")));
  return {
    udpPort,
    mqttPort,
    prometheusPort,
    grafanaPort,
    run,
    containers: async (service) => (await run("ps", "-aq", service)).split("\n").filter((id) => id !== ""),
  };
}

/** Compose v2 where there is one, else docker-compose 1.29. */
function composeCommand(): [string, ...string[]] {
  const isPlugin = spawnSync("docker", ["compose", "version"], { stdio: "ignore" }).status === 0;
  return isPlugin ? ["docker", "compose"] : ["docker-compose"];
}
