import { connect, DebugEvents, Events, type NatsConnection, NatsError } from "nats";
import { connectOptions, hostAndPort } from "./connect-options.js";
import type { BusLogger, BusOptions } from "./options.js";
import { ensureStreams } from "./streams.js";
import { backoffMs, deletionMs, pause } from "./wait.js";

export type LinkState = { readonly up: boolean; readonly detail: string };

/** One lasting link to NATS, whatever becomes of the connections under it. */
export type Connection = {
  /** The connection while it can be used: connected, and both streams looked at. */
  current(): NatsConnection | undefined;
  state(): LinkState;
  /** Called with the present and each new connection object before it is used, to subscribe. */
  onOpen(listener: (connection: NatsConnection) => void): void;
  /** Called with each change between usable and not, and at once if it is usable now. */
  onChange(listener: (up: boolean) => void): void;
  /** Looks at the streams again, after an answer that says they are gone. */
  recheck(): void;
  close(): Promise<void>;
};

/** Connects in the background and for ever; never rejects. What it waits for is logged when it changes and every 30 s. */
export function startConnection(options: BusOptions, logger: BusLogger): Connection {
  const stopping = new AbortController();
  const openListeners: ((connection: NatsConnection) => void)[] = [];
  const changeListeners: ((up: boolean) => void)[] = [];
  const servers = options.servers.map(hostAndPort);
  /** What the last server said of its cluster. */
  let others: readonly string[] = [];
  let live: NatsConnection | undefined;
  let usable = false;
  /** What is under way on the present link; aborted when it breaks, so that nothing waits for answers that cannot come. */
  let link = new AbortController();
  let detail = "not connected yet";
  let lastLoggedMs = 0;

  function setUp(up: boolean, why: string): void {
    detail = why;
    if (usable === up) return;
    usable = up;
    if (up) logger.info({ server: why }, "nats is there");
    for (const listener of changeListeners) listener(up);
  }

  function waiting(why: string, error: unknown): void {
    const repeated = why === detail && Date.now() - lastLoggedMs < 30_000;
    setUp(false, why);
    if (repeated) return;
    lastLoggedMs = Date.now();
    logger.warn({ servers, reason: why, err: error }, "waiting for nats");
  }

  /** Looks at the streams until they are right or the link breaks. */
  async function prepare(connection: NatsConnection, afterMs = 0): Promise<void> {
    link.abort();
    link = new AbortController();
    const { signal } = link;
    if (afterMs > 0) await pause(afterMs, signal);
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await ensureStreams(connection, options, logger);
        if (!signal.aborted) setUp(true, connection.getServer());
        return;
      } catch (error) {
        if (signal.aborted) return;
        waiting(explain(error), error);
        await pause(backoffMs(attempt), signal);
      }
    }
  }

  async function watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      // nats.js would first send the rest, for which a hung server may have no room.
      if (status.type === DebugEvents.StaleConnection) void connection.close();
      else if (status.type === Events.Error) {
        const { operation, subject } = status.permissionContext ?? {};
        const reason = explainCode(String(status.data), subject === undefined ? "" : `${operation} ${subject}`);
        logger.warn({ reason }, "nats reports an error");
      }
    }
  }

  async function supervise(): Promise<void> {
    for (let attempt = 0; !stopping.signal.aborted; attempt++) {
      try {
        const connection = await connect(connectOptions(options, others));
        if (stopping.signal.aborted) return await connection.close();
        live = connection;
        others = connection.info?.connect_urls ?? [];
        attempt = 0;
        for (const listener of openListeners) listener(connection);
        void watch(connection);
        void prepare(connection);
        const error = await connection.closed();
        live = undefined;
        link.abort();
        if (!stopping.signal.aborted) waiting("the connection broke", error);
      } catch (error) {
        if (!stopping.signal.aborted) waiting(explain(error), error);
      }
      await pause(backoffMs(attempt), stopping.signal);
    }
  }

  const supervised = supervise();

  return {
    current: () => (usable && live?.isClosed() === false ? live : undefined),
    state: () => ({ up: usable, detail }),
    onOpen: (listener) => {
      openListeners.push(listener);
      if (live !== undefined) listener(live);
    },
    onChange: (listener) => {
      changeListeners.push(listener);
      if (usable) listener(true);
    },
    recheck: () => {
      if (live === undefined || !usable) return;
      setUp(false, "a stream is gone");
      void prepare(live, deletionMs);
    },
    close: async () => {
      stopping.abort();
      link.abort();
      setUp(false, "closed");
      // A dial still under way ends by its own time-out; there is nothing to wait for in it.
      if (live === undefined) return;
      await live.close();
      await supervised;
    },
  };
}

/** A failure of nats.js in words that say what to do. */
export function explain(error: unknown): string {
  if (error instanceof NatsError && error.api_error !== undefined) return `JetStream: ${error.api_error.description}`;
  if (typeof error === "object" && error !== null && "code" in error && typeof error.code === "string") {
    return explainCode(error.code, error instanceof Error ? error.message : "");
  }
  return error instanceof Error ? error.message : String(error);
}

/** The client's error codes in words that say what to do. */
function explainCode(code: string, message = ""): string {
  switch (code) {
    case "CONNECTION_REFUSED":
      return "nobody listens at that address (is nats-server running? is NATS_URL right?)";
    case "TIMEOUT":
      return "no answer in time (is a firewall in between? does the server want a client certificate, NATS_TLS_CERT_FILE?)";
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
      return "the server's certificate is not trusted (set NATS_TLS_CA_FILE to its authority's certificate)";
    case "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE":
    case "ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE": // the same since OpenSSL 3.5, which Node 24 has
    case "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED":
      return "the server wants another client certificate, or one at all (check NATS_TLS_CERT_FILE and NATS_TLS_KEY_FILE)";
    case "AUTHORIZATION_VIOLATION":
    case "AUTHENTICATION_EXPIRED":
    case "BAD_AUTHENTICATION":
      return "the server refused the login (check NATS_USER, NATS_PASSWORD, NATS_TOKEN, NATS_CREDS_FILE or NATS_NKEY_SEED)";
    case "PERMISSIONS_VIOLATION":
      return `the server's permissions do not allow it: ${message}`;
    case "503":
      return "JetStream is not enabled there (start nats-server with -js)";
    default:
      return message === "" || message === code ? code : `${code}: ${message}`;
  }
}
