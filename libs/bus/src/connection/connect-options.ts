import { isIP } from "node:net";
import { checkServerIdentity, createSecureContext, type PeerCertificate } from "node:tls";
import type { ConnectionOptions, TlsOptions } from "nats";
import { loginOf } from "./login.js";
import type { BusOptions } from "./options.js";
import { asksForTls, hostOf, type Server } from "./servers.js";
import { readTextFile } from "./text-file.js";

export type Dial = {
  readonly timeoutMs: number;
  /** The cluster uses TLS, whether or not the settings ask for it. */
  readonly overTls: boolean;
};

/**
 * Options of nats.js for one attempt at one server, and one connection that stays closed once it breaks. Its own
 * reconnecting keeps the sockets of dials that timed out: if one of them is answered later, its bytes go into those of
 * the good connection. Its own list of servers would dial gossiped addresses with our timeout and without their TLS
 * name. Reads the files of login and TLS, so that renewed ones are used from here on. Throws what is wrong with one of
 * them.
 */
export function connectOptions(options: BusOptions, server: Server, dial: Dial): ConnectionOptions {
  const authenticator = loginOf(options);
  const tls = tlsOf(options, server, dial);
  return {
    servers: [server.address],
    name: options.clientName,
    timeout: dial.timeoutMs,
    reconnect: false,
    ignoreClusterUpdates: true,
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
function tlsOf(options: BusOptions, server: Server, { overTls }: Dial): TlsOptions | undefined {
  const paths = { ca: options.tlsCaFile, cert: options.tlsCertFile, key: options.tlsKeyFile };
  const files: TlsOptions = {};
  for (const kind of ["ca", "cert", "key"] as const) {
    const path = paths[kind];
    if (path !== undefined) files[kind] = readTextFile(path);
  }
  try {
    createSecureContext(files);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`NATS_TLS_CERT_FILE and NATS_TLS_KEY_FILE cannot be used: ${reason}`, { cause: error });
  }
  if (!asksForTls(options) && !overTls) return undefined;
  const first = options.tlsFirst === true ? { handshakeFirst: true } : {};
  return { ...files, ...identityOf(server), ...first };
}

/** Options of `tls.connect()`, to which nats.js hands on what its own type does not name. */
type Identity = {
  readonly host?: string;
  readonly servername?: string;
  readonly checkServerIdentity?: (host: string, certificate: PeerCertificate) => Error | undefined;
};

/**
 * Who the server must be: the host that was dialled, or, behind a gossiped IP address, the name of the cluster. For a
 * host name nats.js sees to it. For an IP address it names no host at all, and Node then takes the certificate of
 * `localhost`.
 */
function identityOf({ address, clusterName }: Server): Identity {
  const host = hostOf(address);
  if (isIP(host) === 0) return {};
  if (clusterName === undefined) return { host };
  return {
    host,
    servername: clusterName,
    checkServerIdentity: (_, certificate) =>
      checkServerIdentity(host, certificate) && checkServerIdentity(clusterName, certificate),
  };
}
