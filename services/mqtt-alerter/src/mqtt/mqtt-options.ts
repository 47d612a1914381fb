/** One broker of MQTT_URL. */
export type BrokerAddress = {
  /** Without a login. */
  readonly url: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
};

export type MqttOptions = {
  /** Tried in turn. */
  readonly brokers: readonly [BrokerAddress, ...BrokerAddress[]];
  readonly clientId: string;
  readonly protocolVersion: ProtocolVersion | "auto";
  readonly qos: 0 | 1;
  readonly retain: boolean;
  readonly messageExpirySeconds: number | undefined;
  readonly keepaliveSeconds: number;
  readonly tlsCaFile: string | undefined;
  readonly tlsCertFile: string | undefined;
  readonly tlsKeyFile: string | undefined;
  readonly tlsInsecure: boolean;
  readonly maxInflight: number;
  /** Undefined = neither status nor last will. */
  readonly statusTopic: string | undefined;
  readonly statusOnStop: "offline" | "clear";
  /** How long a message waits for its PUBACK before the connection or the topic is in doubt. */
  readonly pubackTimeoutMs: number;
  /** How long messages for a refused topic are retried before they become dead letters. */
  readonly refusedAfterMs: number;
  /** What differs from the default timing. */
  readonly timing?: Partial<MqttTiming>;
};

/** 5 = MQTT 5, 4 = MQTT 3.1.1, as in the CONNECT packet. */
export type ProtocolVersion = 4 | 5;

export type MqttTiming = {
  /**
   * From the start of an attempt to connect to its CONNACK; doubles, up to eight times as much, while attempts time
   * out.
   */
  readonly connackMs: number;
  /** For the last status and the DISCONNECT together. */
  readonly goodbyeMs: number;
  /**
   * The pause between two attempts to connect: doubles from the first to the longest, less a random part of up to half.
   */
  readonly firstRetryMs: number;
  readonly longestRetryMs: number;
  /** At most `burst` attempts at once, then one per `attemptEveryMs`: 20 a minute at most with the defaults. */
  readonly attemptEveryMs: number;
  readonly burst: number;
  /** A connection that has lasted this long resets the pause between attempts. */
  readonly stableMs: number;
  /** The first pause before a refused topic is tried again, and the longest. */
  readonly firstProbeMs: number;
  readonly longestProbeMs: number;
  /** How long other messages wait for one that is sent alone. */
  readonly aloneMs: number;
  /** When the status or the last will was refused, it is tried again after this time. */
  readonly statusRetryMs: number;
};

export const defaultTiming: MqttTiming = {
  connackMs: 3_000,
  goodbyeMs: 2_000,
  firstRetryMs: 200,
  longestRetryMs: 5_000,
  attemptEveryMs: 3_750,
  burst: 4,
  stableMs: 10_000,
  firstProbeMs: 1_000,
  longestProbeMs: 60_000,
  aloneMs: 2_000,
  statusRetryMs: 600_000,
};
