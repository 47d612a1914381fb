import { connect, Events, type NatsConnection, NatsError } from "nats";
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
  /** Called with the present and each new connection object before it is used, to subscribe; nats.js keeps subscriptions over a reconnect. */
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

  function broke(why: string, error?: unknown): void {
    link.abort();
    waiting(why, error);
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
      if (stopping.signal.aborted) return;
      // A dial that fails also ends in a disconnect, and after several of them the reconnect is told as often.
      if (status.type === Events.Disconnect && !link.signal.aborted) broke("the connection broke");
      else if (status.type === Events.Reconnect && link.signal.aborted) void prepare(connection);
      else if (status.type === Events.Error) {
        const { operation, subject } = status.permissionContext ?? {};
        const reason = explainCode(String(status.data), subject === undefined ? "" : `${operation} ${subject}`);
        if (usable) logger.warn({ reason }, "nats reports an error");
        else waiting(reason, undefined);
      }
    }
  }

  async function supervise(): Promise<void> {
    for (let attempt = 0; !stopping.signal.aborted; attempt++) {
      try {
        const connection = await connect(connectOptions(options));
        if (stopping.signal.aborted) return await connection.close();
        live = connection;
        attempt = 0;
        for (const listener of openListeners) listener(connection);
        void watch(connection);
        void prepare(connection);
        const error = await connection.closed();
        live = undefined;
        if (!stopping.signal.aborted) broke("the connection was closed", error);
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

function explain(error: unknown): string {
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
