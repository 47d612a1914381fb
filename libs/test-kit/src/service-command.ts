import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export type ServiceName = "udp-ingest" | "mqtt-alerter";
export type Environment = Readonly<Record<string, string>>;

const root = fileURLToPath(new URL("../../../../", import.meta.url));

/** The arguments that the image of a service starts node with. */
export function imageArgsOf(name: ServiceName): string[] {
  const dockerfile = readFileSync(join(root, "services", name, "Dockerfile"), "utf8");
  const [, entrypoint] = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile) ?? [];
  if (entrypoint === undefined) throw new Error(`the Dockerfile of ${name} has no ENTRYPOINT in one line`);
  return (JSON.parse(entrypoint) as string[]).slice(1, -1);
}

/** The compiled program of a service. */
export function mainOf(name: ServiceName): string {
  return join(root, "services", name, "dist", "src", "main.js");
}

/** `env`, PATH, and free ports on 127.0.0.1 where `env` says nothing else. */
export function environmentFor(name: ServiceName, env: Environment): Record<string, string> {
  const { PATH, NODE_V8_COVERAGE } = process.env;
  return {
    ...(PATH !== undefined && { PATH }),
    ...(NODE_V8_COVERAGE !== undefined && { NODE_V8_COVERAGE }), // what a child runs counts as covered too
    HTTP_HOST: "127.0.0.1",
    HTTP_PORT: "0",
    ...(name === "udp-ingest" && { UDP_HOST: "127.0.0.1", UDP_PORT: "0" }),
    ...env,
  };
}
