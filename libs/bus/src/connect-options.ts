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

/** What nats.js is told. One attempt at a time: waiting and retrying before the first connection is ours, after it is nats.js's. */
export function connectOptions(options: BusOptions): ConnectionOptions {
  const authenticator = authenticatorOf(options);
  const files = { caFile: options.tlsCaFile, certFile: options.tlsCertFile, keyFile: options.tlsKeyFile };
  const tls = Object.fromEntries(Object.entries(files).filter(([, path]) => path !== undefined));
  const needsTls = Object.keys(tls).length > 0 || options.servers.some((server) => server.startsWith("tls:"));
  return {
    servers: options.servers.map(hostAndPort),
    name: options.clientName,
    timeout: 5_000,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 500,
    reconnectJitter: 500,
    reconnectJitterTLS: 1_000,
    // A hung server is noticed within 15 s; the default of nats.js takes four minutes.
    pingInterval: 5_000,
    maxPingOut: 2,
    // A login that is refused for a while (rotated credentials) must not end the service.
    ignoreAuthErrorAbort: true,
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
