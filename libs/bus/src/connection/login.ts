import {
  type Authenticator,
  credsAuthenticator,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from "nats";
import type { BusOptions } from "./options.js";
import { readTextFile } from "./text-file.js";

/**
 * How to log in, or undefined. Throws when the credentials file or the seed cannot be used: nats.js would only time
 * out.
 */
export function loginOf(options: BusOptions): Authenticator | undefined {
  const { credsFile, nkeySeed } = options;
  if (credsFile !== undefined) {
    const what = `NATS_CREDS_FILE (${credsFile}) holds no JWT and seed as nsc writes them`;
    return tried(credsAuthenticator(Buffer.from(readTextFile(credsFile))), what);
  }
  if (nkeySeed !== undefined) {
    return tried(nkeyAuthenticator(Buffer.from(nkeySeed)), "NATS_NKEY_SEED is no seed: its check sum is wrong");
  }
  if (options.token !== undefined) return tokenAuthenticator(options.token);
  if (options.user !== undefined) return usernamePasswordAuthenticator(options.user, options.password);
  return urlLogin(options.servers);
}

/** Hides what nkeys says about a seed: its message might quote it. */
function tried(authenticator: Authenticator, complaint: string): Authenticator {
  try {
    authenticator("a nonce");
    return authenticator;
  } catch {
    throw new Error(complaint);
  }
}

/** `nats://user:password@host` or, as in other NATS clients, `nats://token@host`. */
function urlLogin(servers: readonly string[]): Authenticator | undefined {
  const url = servers.map((server) => new URL(server)).find((candidate) => candidate.username !== "");
  if (url === undefined) return undefined;
  const user = decodeURIComponent(url.username);
  if (url.password === "") return tokenAuthenticator(user);
  return usernamePasswordAuthenticator(user, decodeURIComponent(url.password));
}
