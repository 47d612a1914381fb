import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import type { ConnectionOptions, TlsOptions } from "nats";
import { loginOf } from "./login.js";
import type { BusOptions } from "./options.js";

/**
 * What nats.js is told: one attempt, and one connection of which no more is heard once it breaks. Its own reconnecting keeps
 * the sockets of dials that timed out; when one of them is answered after all, its bytes go into those of the good connection. `others` are servers beyond those of the settings, as host:port.
 * Reads the files of the login and of TLS, so that renewed ones are used from here on. Throws what is wrong with one of them.
 */
export function connectOptions(options: BusOptions, others: readonly string[] = []): ConnectionOptions {
  const authenticator = loginOf(options);
  const tls = tlsOf(options);
  return {
    servers: [...options.servers.map(hostAndPort), ...others],
    name: options.clientName,
    timeout: 5_000,
    reconnect: false,
    // A hung server is noticed within 15 s; the default of nats.js takes four minutes.
    pingInterval: 5_000,
    maxPingOut: 2,
    noAsyncTraces: true,
    ...(authenticator === undefined ? {} : { authenticator }),
    ...(tls === undefined ? {} : { tls }),
    ...(options.inboxPrefix === undefined ? {} : { inboxPrefix: options.inboxPrefix }),
  };
}

/** What the TLS files hold now; undefined when TLS is not asked for. */
function tlsOf({ servers, tlsCaFile, tlsCertFile, tlsKeyFile }: BusOptions): TlsOptions | undefined {
  const paths = { ca: tlsCaFile, cert: tlsCertFile, key: tlsKeyFile };
  const files: TlsOptions = {};
  for (const kind of ["ca", "cert", "key"] as const) {
    const path = paths[kind];
    if (path !== undefined) files[kind] = readFileSync(path, "utf8");
  }
  try {
    createSecureContext(files);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`NATS_TLS_CERT_FILE and NATS_TLS_KEY_FILE cannot be used: ${reason}`, { cause: error });
  }
  return Object.keys(files).length > 0 || servers.some((server) => server.startsWith("tls:")) ? files : undefined;
}

/** `host:port` of an address, without any login in it: safe to log. */
export function hostAndPort(server: string): string {
  const url = new URL(server);
  return `${url.hostname}:${url.port === "" ? "4222" : url.port}`;
}
