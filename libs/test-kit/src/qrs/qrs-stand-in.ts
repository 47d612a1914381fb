import type { ScriptLogWays } from "./answer.js";
import type { QrsStore } from "./store.js";

export interface QrsOptions {
  readonly port?: number;
  /** The users that may do everything; nobody else is let in. */
  readonly users?: readonly string[];
  /** "refused": a client certificate of this site is refused like a foreign one. */
  readonly clientCertificates?: "required" | "refused";
  /** Whom the server's certificate is for, in openssl's words. */
  readonly serverNames?: string;
  readonly scriptLogWays?: ScriptLogWays;
}

/** One request that passed TLS, let in or not. */
export interface QrsRequest {
  readonly method: string;
  /** Behind `/qrs/`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly user: string | undefined;
}

/** How requests fare whose `METHOD path` matches; every request without a pattern. */
export interface QrsBehaviour {
  readonly match?: RegExp;
  /** Time before the answer. */
  readonly delayMs?: number;
  /** Instead of what it would answer; what was asked is not done. */
  readonly status?: number;
  /** A body of one's own. */
  readonly body?: string;
  /**
   * `before`: the connection breaks and nothing is done. `after`: it is done, and then the connection breaks. `never`:
   * it is done, and no answer ever comes.
   */
  readonly silent?: "before" | "after" | "never";
  /** For so many requests; for all until the behaviour is taken back if left out. */
  readonly times?: number;
}

export interface Qrs extends QrsStore {
  /** `https://localhost:port` */
  readonly url: string;
  readonly port: number;
  /** Like the QMC's client.pem, client_key.pem and root.pem. */
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
  /** The QRS_… variables of a service that talks to it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly requests: readonly QrsRequest[];
  /** How many requests had a `METHOD path` that matches. */
  count(match: RegExp): number;
  /** How many connections are open. */
  connections(): number;
  /** The newest behaviour that matches wins. Returns the way to take it back. */
  behave(behaviour: QrsBehaviour): () => void;
  behaveWell(): void;
  /** Vanishes from the network, with all connections. */
  stop(): Promise<void>;
  /** Comes back on the same port, with what it knew. */
  start(): Promise<void>;
  /** New connections meet a server certificate of another authority; until mended. */
  breakTls(): void;
  mendTls(): void;
  /** A new authority and new certificates in the same files; open connections end. */
  renewCertificates(): void;
}
