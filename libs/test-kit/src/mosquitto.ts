import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { Scope } from "./clean-up.js";
import { findProgram } from "./find-program.js";
import { freeTcpPort } from "./free-port.js";
import { type Server, startServer } from "./server.js";
import { tempDir } from "./temp-dir.js";

export interface MosquittoOptions {
  /**
   * Lines for mosquitto.conf. They come last and so win; what belongs to a listener (`protocol websockets`, `certfile
   * …`) belongs to ours. `persistence true` keeps sessions over a restart; with `autosave_on_changes true` and
   * `autosave_interval 1` over a SIGKILL too, but for the last instant: mosquitto acknowledges first and saves after.
   */
  readonly config?: string;
  readonly port?: number;
}

export interface Mosquitto extends Server {
  /** `mqtt://127.0.0.1:port` */
  readonly url: string;
  readonly port: number;
}

/**
 * A real mosquitto on a free port of 127.0.0.1, open to anyone, queues without bound, nothing kept on disk, stopped
 * when the scope ends. Resolves when it takes connections; rejects with its log when it does not come up. `start()`
 * brings it back on the same port.
 */
export async function startMosquitto(t: Scope, options: MosquittoOptions = {}): Promise<Mosquitto> {
  const dir = tempDir(t);
  const port = options.port ?? (await freeTcpPort());
  const configFile = join(dir, "mosquitto.conf");
  const lines = [
    "log_dest stderr",
    "allow_anonymous true",
    "max_queued_messages 0",
    `persistence_location ${dir}/`,
    ...(process.getuid?.() === 0 ? ["user root"] : []), // else it becomes a user who may not write here
    `listener ${port} 127.0.0.1`,
    options.config ?? "",
  ];
  writeFileSync(configFile, `${lines.join("\n")}\n`);

  const server = await startServer(t, {
    program: findProgram("mosquitto"),
    args: ["-c", configFile],
    isUp: async (_pid, log) => /mosquitto version \S+ running/.test(log) && (await acceptsConnections(port)),
  });
  return Object.assign(server, { url: `mqtt://127.0.0.1:${port}`, port });
}

async function acceptsConnections(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
