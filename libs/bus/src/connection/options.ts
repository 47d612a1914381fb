/** What a service does with a stream: of the streams it does not use it neither creates nor looks at any. */
export type StreamUse = "publish-events" | "read-events" | "publish-rejected" | "publish-dead-letters";

/**
 * How to reach NATS and what the streams should be. Paths are read at each connect, so renewed certificates are picked
 * up.
 */
export type BusOptions = {
  /** `nats://host:port` or `tls://host:port`; credentials in an address are used when no other login is set. */
  readonly servers: readonly string[];
  /** Shown in the server's connection list. */
  readonly clientName: string;
  /** What the reply subjects begin with; `_INBOX` if left out. One for each service keeps their answers apart. */
  readonly inboxPrefix?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  readonly credsFile?: string | undefined;
  readonly nkeySeed?: string | undefined;
  readonly tlsCaFile?: string | undefined;
  readonly tlsCertFile?: string | undefined;
  readonly tlsKeyFile?: string | undefined;
  /** Starts with the TLS handshake, before the server says anything: for servers with `handshake_first`. */
  readonly tlsFirst?: boolean;
  /** The JetStream domain of the streams, where they are behind a leaf node; unset = that of the server. */
  readonly jetStreamDomain?: string | undefined;
  readonly streamName: string;
  readonly subjectPrefix: string;
  readonly streamReplicas: number;
  readonly streamMaxAgeMs: number;
  readonly streamMaxBytes: number;
  readonly dedupWindowMs: number;
  /**
   * All of them if left out. A service that only reads events accepts a mirror or a sourced stream, which has no
   * subjects.
   */
  readonly uses?: readonly StreamUse[];
  /** Whether the stream of the requests to start tasks is wanted too. */
  readonly requests?: boolean;
  /**
   * Called with how long it took whenever NATS answers a publish, with its acknowledgement or an error. It must be
   * quick.
   */
  readonly onAnswer?: (afterMs: number) => void;
};

/** What the bus logs through: a pino logger fits. */
export type BusLogger = {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
};

/** The values of the NATS_… settings, by the names of their variables. */
export type NatsSettingValues = {
  readonly NATS_URL: readonly string[];
  readonly NATS_USER: string | undefined;
  readonly NATS_PASSWORD: string | undefined;
  readonly NATS_TOKEN: string | undefined;
  readonly NATS_CREDS_FILE: string | undefined;
  readonly NATS_NKEY_SEED: string | undefined;
  readonly NATS_TLS_CA_FILE: string | undefined;
  readonly NATS_TLS_CERT_FILE: string | undefined;
  readonly NATS_TLS_KEY_FILE: string | undefined;
  readonly NATS_TLS_FIRST: boolean;
  readonly NATS_JETSTREAM_DOMAIN: string | undefined;
  readonly NATS_STREAM: string;
  readonly NATS_SUBJECT_PREFIX: string;
  readonly NATS_STREAM_REPLICAS: number;
  readonly NATS_STREAM_MAX_AGE_HOURS: number;
  readonly NATS_STREAM_MAX_BYTES: number;
  readonly NATS_DEDUP_WINDOW_SECONDS: number;
  /** Of the service that has it. */
  readonly TASK_START_ENABLE?: boolean;
};

/**
 * What the bus is started with, from the settings that every service has for it. The answers to a service come to
 * `_INBOX.<service>.>`.
 */
export function busOptionsOf(settings: NatsSettingValues, service: string, instance?: string): BusOptions {
  return {
    clientName: instance === undefined ? service : `${service} ${instance}`,
    inboxPrefix: `_INBOX.${service}`,
    servers: settings.NATS_URL,
    user: settings.NATS_USER,
    password: settings.NATS_PASSWORD,
    token: settings.NATS_TOKEN,
    credsFile: settings.NATS_CREDS_FILE,
    nkeySeed: settings.NATS_NKEY_SEED,
    tlsCaFile: settings.NATS_TLS_CA_FILE,
    tlsCertFile: settings.NATS_TLS_CERT_FILE,
    tlsKeyFile: settings.NATS_TLS_KEY_FILE,
    tlsFirst: settings.NATS_TLS_FIRST,
    jetStreamDomain: settings.NATS_JETSTREAM_DOMAIN,
    streamName: settings.NATS_STREAM,
    subjectPrefix: settings.NATS_SUBJECT_PREFIX,
    streamReplicas: settings.NATS_STREAM_REPLICAS,
    streamMaxAgeMs: settings.NATS_STREAM_MAX_AGE_HOURS * 3_600_000,
    streamMaxBytes: settings.NATS_STREAM_MAX_BYTES,
    dedupWindowMs: settings.NATS_DEDUP_WINDOW_SECONDS * 1000,
    requests: settings.TASK_START_ENABLE ?? false,
  };
}
