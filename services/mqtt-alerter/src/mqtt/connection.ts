import type { ProtocolVersion } from "./mqtt-options.js";
import type { TlsFiles } from "./tls-files.js";

type LastWill = {
  readonly topic: string;
  readonly payload: string;
  readonly qos: 0 | 1;
  readonly retain: boolean;
};

/** A session that outlives its connection, for a client that subscribes. */
export type LastingSession = {
  readonly expirySeconds: number;
  readonly receiveMaximum: number;
  readonly maximumPacketBytes: number;
};

export type ConnectOptions = {
  /** mqtt, mqtts, ws or wss, without a login. */
  readonly url: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly clientId: string;
  readonly protocolVersion: ProtocolVersion;
  readonly keepaliveSeconds: number;
  readonly tls: TlsFiles;
  readonly tlsInsecure: boolean;
  /** From here to the CONNACK, at most. */
  readonly connackMs: number;
  readonly will?: LastWill | undefined;
  readonly session?: LastingSession | undefined;
};

/** What the CONNACK allows (MQTT 5, 3.2.2.3); what it does not mention is unlimited. */
export type Accepted = {
  readonly protocolVersion: ProtocolVersion;
  readonly maximumQos: 0 | 1 | 2;
  readonly retainAvailable: boolean;
  readonly maximumPacketBytes: number;
  readonly receiveMaximum: number;
  readonly sharedSubscriptions: boolean;
  readonly sessionPresent: boolean;
};

export type ConnectionEvents = {
  readonly onAccepted: (accepted: Accepted) => void;
  /** Called once, in the end; nothing is called after it. */
  readonly onEnd: (end: ConnectionEnd) => void;
  /** MQTT.js reads no further packet, not even a PINGRESP, until `done` is called; at QoS 1 that sends the PUBACK. */
  readonly onMessage?: (message: IncomingMessage, done: () => void) => void;
};

export type OutgoingMessage = {
  readonly topic: string;
  /** UTF-8. */
  readonly payload: string;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  /** The properties go out with MQTT 5 only. */
  readonly contentType?: string | undefined;
  readonly expirySeconds?: number | undefined;
  readonly userProperties?: Readonly<Record<string, string | readonly string[]>> | undefined;
  readonly correlationData?: Uint8Array | undefined;
};

export type IncomingMessage = {
  readonly topic: string;
  readonly payload: Buffer;
  readonly retained: boolean;
  readonly responseTopic: string | undefined;
  readonly correlationData: Buffer | undefined;
  readonly userProperties: readonly (readonly [name: string, value: string])[];
};

export type MqttConnection = {
  /**
   * Writes at once; call it between `onAccepted` and `onEnd` only. `onAnswer` gets the reason code of the PUBACK, 0
   * where it has none, or 0 when it is written (QoS 0). It is never called when the connection ends first. Returns the
   * packet identifier.
   */
  publish(message: OutgoingMessage, onAnswer: (reasonCode: number) => void): number;
  /**
   * Whether the broker grants it; never resolves when the connection ends first. Retained messages are not asked for.
   */
  subscribe(filter: string, qos: 0 | 1): Promise<boolean>;
  /** The broker has shown that it is alive: the next ping waits a whole keepalive. */
  postponePing(): void;
  /** Ends the connection at once, without a DISCONNECT. */
  drop(end?: Partial<ConnectionEnd>): void;
  /** Forgets these packet identifiers and sends DISCONNECT. `onEnd` is called when the connection is closed. */
  disconnect(unanswered?: Iterable<number>, session?: { readonly expirySeconds: number }): void;
};

/** Why a connection to the broker ended, or was never made. */
export type ConnectionEnd = {
  /** Whether the broker had accepted the connection. */
  readonly accepted: boolean;
  /**
   * - `connack`, `disconnect`: the broker said so, with the reason code in `code`.
   * - `closed`: the broker closed the connection without a reason; `dropped`: this side did.
   * - `no-connack`, `no-pingresp`, `no-puback`: the broker did not answer in time.
   * - `invalid-packet`: it sent what MQTT does not allow.
   * - `error`: the network, TLS or WebSocket failed; `code` is the code of Node or OpenSSL.
   */
  readonly cause:
    | "connack"
    | "disconnect"
    | "closed"
    | "dropped"
    | "no-connack"
    | "no-pingresp"
    | "no-puback"
    | "invalid-packet"
    | "error";
  readonly code?: number | string | undefined;
  /** The broker that should be used instead (MQTT 5, 4.11). */
  readonly serverReference?: string | undefined;
  readonly error?: Error | undefined;
};
