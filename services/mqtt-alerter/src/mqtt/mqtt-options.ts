export type MqttOptions = {
  /** Without a login: MQTT.js would put one in the URL before `username` and `password`, and split it wrongly at a colon. */
  readonly url: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly clientId: string;
  readonly protocolVersion: 4 | 5;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly messageExpirySeconds: number | undefined;
  readonly keepaliveSeconds: number;
  readonly tlsCaFile: string | undefined;
  readonly tlsCertFile: string | undefined;
  readonly tlsKeyFile: string | undefined;
  readonly tlsInsecure: boolean;
  readonly maxInflight: number;
  readonly statusTopic: string;
  /** What differs from the default timing. */
  readonly timing?: Partial<MqttTiming>;
};

export type MqttTiming = {
  /** From the sending of a message to its PUBACK, at most. */
  readonly pubackMs: number;
  /** From the start of an attempt to connect to its CONNACK, at most. */
  readonly connackMs: number;
  /** For the last status and the DISCONNECT together. */
  readonly goodbyeMs: number;
  /** Between two attempts to connect: doubles from the first to the longest, a random part of up to a half taken off. */
  readonly firstRetryMs: number;
  readonly longestRetryMs: number;
};

export const defaultTiming: MqttTiming = {
  pubackMs: 10_000,
  connackMs: 10_000,
  goodbyeMs: 2_000,
  firstRetryMs: 500,
  longestRetryMs: 5_000,
};
