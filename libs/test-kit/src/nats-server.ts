import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Scope } from "./clean-up.js";
import { findProgram } from "./find-program.js";
import { freeTcpPort } from "./free-port.js";
import { type Server, startServer } from "./server.js";
import { tempDir } from "./temp-dir.js";

export interface NatsServerOptions {
  /** Lines for the configuration file, in nats-server's own language. */
  readonly config?: string;
  readonly port?: number;
  /** Where streams are kept; a temporary folder if left out. */
  readonly dir?: string;
  /** Without JetStream when false. */
  readonly jetStream?: boolean;
  /** Further command line arguments. */
  readonly args?: readonly string[];
}

export interface NatsServer extends Server {
  /** `nats://127.0.0.1:port` */
  readonly url: string;
  readonly port: number;
  /** `http://127.0.0.1:port` of the monitoring endpoints. */
  readonly monitorUrl: string;
  readonly dir: string;
  /** The server's own report on JetStream, as it is. Rejects while the server does not answer. */
  jsz(): Promise<Jsz>;
  /** The part of that report on one stream; undefined while there is none of that name. */
  stream(name: string): Promise<JszStream | undefined>;
}

/** `/jsz?streams=1&consumers=1&config=1` of nats-server 2.9 and up, the fields that tests look at. */
export interface Jsz {
  readonly streams: number;
  readonly consumers: number;
  readonly messages: number;
  readonly bytes: number;
  readonly account_details?: readonly { readonly name: string; readonly stream_detail?: readonly JszStream[] }[];
}

export interface JszStream {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly state: {
    readonly messages: number;
    readonly bytes: number;
    readonly first_seq: number;
    readonly last_seq: number;
    readonly consumer_count: number;
  };
  readonly consumer_detail?: readonly JszConsumer[];
}

export interface JszConsumer {
  /** When it was made, RFC 3339. */
  readonly created: string;
  readonly name: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly delivered: { readonly consumer_seq: number; readonly stream_seq: number };
  readonly ack_floor: { readonly consumer_seq: number; readonly stream_seq: number };
  readonly num_ack_pending: number;
  readonly num_redelivered: number;
  readonly num_waiting: number;
  readonly num_pending: number;
}

/** Whether the nats-server that `startNats` starts is of this version or a later one: `[2, 10]`. */
export function natsServerIsAtLeast([major, minor]: readonly [number, number]): boolean {
  const said = execFileSync(findProgram("nats-server"), ["--version"], { encoding: "utf8" });
  const [, ours = "0", ourMinor = "0"] = /v(\d+)\.(\d+)/.exec(said) ?? [];
  return Number(ours) > major || (Number(ours) === major && Number(ourMinor) >= minor);
}

/**
 * A real nats-server with JetStream on files, on free ports of 127.0.0.1, stopped when the scope ends. Resolves when it
 * takes connections; rejects with its log when it does not come up. After `stop()`, with SIGKILL too, `start()` brings
 * it back on the same ports with the same streams.
 */
export async function startNats(t: Scope, options: NatsServerOptions = {}): Promise<NatsServer> {
  const dir = options.dir ?? tempDir(t);
  const portsDir = join(dir, "ports");
  mkdirSync(portsDir, { recursive: true });
  const configFile = join(dir, "nats-server.conf");
  writeFileSync(configFile, options.config ?? "");
  const port = options.port ?? (await freeTcpPort());
  const monitorPort = await freeTcpPort();
  const monitorUrl = `http://127.0.0.1:${monitorPort}`;

  const server = await startServer(t, {
    program: findProgram("nats-server"),
    args: [
      ...["-a", "127.0.0.1", "-p", String(port), "-m", String(monitorPort), "-c", configFile],
      ...(options.jetStream === false ? [] : ["-js", "-sd", join(dir, "jetstream")]),
      ...["--ports_file_dir", portsDir, ...(options.args ?? [])],
    ],
    // Written once it takes connections, under its own process id.
    isUp: async (pid) => existsSync(join(portsDir, `nats-server_${pid}.ports`)),
  });

  async function jsz(): Promise<Jsz> {
    const response = await fetch(`${monitorUrl}/jsz?streams=1&consumers=1&config=1`, {
      signal: AbortSignal.timeout(5_000),
    });
    if (!response.ok) throw new Error(`nats-server answered ${response.status} to /jsz`);
    return (await response.json()) as Jsz;
  }

  async function stream(name: string): Promise<JszStream | undefined> {
    const accounts = (await jsz()).account_details ?? [];
    return accounts.flatMap((account) => account.stream_detail ?? []).find((detail) => detail.name === name);
  }

  const url = `nats://127.0.0.1:${port}`;
  return Object.assign(server, { url, port, monitorUrl, dir, jsz, stream });
}
