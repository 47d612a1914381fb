import { readFileSync } from "node:fs";
import {
  type Authenticator,
  type ConnectionOptions,
  credsAuthenticator,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from "nats";
import type { BusOptions } from "./options.js";

/**
 * What nats.js is told: one attempt, and one connection of which no more is heard once it breaks. Its own reconnecting keeps
 * the sockets of dials that timed out; when one of them is answered after all, its bytes go into those of the good connection. `others` are servers beyond those of the settings, as host:port.
 */
export function connectOptions(options: BusOptions, others: readonly string[] = []): ConnectionOptions {
  const authenticator = authenticatorOf(options);
  const files = { caFile: options.tlsCaFile, certFile: options.tlsCertFile, keyFile: options.tlsKeyFile };
  const tls = Object.fromEntries(Object.entries(files).filter(([, path]) => path !== undefined));
  const needsTls = Object.keys(tls).length > 0 || options.servers.some((server) => server.startsWith("tls:"));
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
    ...(needsTls ? { tls } : {}),
  };
}

function authenticatorOf(options: BusOptions): Authenticator | undefined {
  if (options.credsFile !== undefined) {
    const path = options.credsFile;
    return credsAuthenticator(() => readFileSync(path));
  }
  if (options.nkeySeed !== undefined) return nkeyAuthenticator(Buffer.from(options.nkeySeed));
  if (options.token !== undefined) return tokenAuthenticator(options.token);
  if (options.user !== undefined) return usernamePasswordAuthenticator(options.user, options.password);
  return urlAuthenticator(options.servers);
}

/** `nats://user:password@host` or, as in other NATS clients, `nats://token@host`. */
function urlAuthenticator(servers: readonly string[]): Authenticator | undefined {
  const url = servers.map((server) => new URL(server)).find((candidate) => candidate.username !== "");
  if (url === undefined) return undefined;
  const user = decodeURIComponent(url.username);
  if (url.password === "") return tokenAuthenticator(user);
  return usernamePasswordAuthenticator(user, decodeURIComponent(url.password));
}

/** `host:port` of an address, without any login in it: safe to log. */
export function hostAndPort(server: string): string {
  const url = new URL(server);
  return `${url.hostname}:${url.port === "" ? "4222" : url.port}`;
}
