import { readFileSync } from "node:fs";
import { buildConnector } from "undici";
import type { RepositoryOptions } from "./options.js";

/** No connection came about, so nothing was sent on it. */
export class ConnectError extends Error {
  override readonly name = "ConnectError";
}

const connectTimeoutMs = 5_000;

/** Opens connections, each with what the certificate files hold at that moment; open ones go on with what they have. */
export function createConnector(options: RepositoryOptions): buildConnector.connector {
  return (target, callback) => {
    // Never before this returns: undici takes the callback for later.
    const fail = (error: unknown) =>
      queueMicrotask(() => callback(new ConnectError(messageOf(error), { cause: error }), null));
    try {
      const connect = buildConnector({
        ...tlsFiles(options),
        rejectUnauthorized: options.tlsInsecure !== true,
        timeout: Math.min(connectTimeoutMs, options.timeoutMs),
        maxCachedSessions: 0, // a session taken up again would show no certificate
      });
      connect(target, (...[error, socket]) => {
        if (error !== null) return fail(error);
        // Else what comes last counts: that the server hung up, and not the alert before it that tells why.
        socket.once("error", (reason) => socket.destroy(reason));
        callback(null, socket);
      });
    } catch (error) {
      fail(error);
    }
  };
}

function tlsFiles({ certFile, keyFile, caFile }: RepositoryOptions) {
  return {
    ...(certFile === undefined ? {} : { cert: readFileSync(certFile) }),
    ...(keyFile === undefined ? {} : { key: readFileSync(keyFile) }),
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
