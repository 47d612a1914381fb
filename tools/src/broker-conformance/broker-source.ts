import type { Scope } from "@sense-alerts/test-kit";

/** What a broker can be started with; a check that needs more is left out for it. */
export type Capability = "auth" | "allow" | "receive-max" | "tls" | "ws";

export interface Login {
  readonly username: string;
  readonly password: string;
}

export interface BrokerOptions {
  /** Names this instance among those of one run. */
  readonly instance: string;
  readonly auth: boolean;
  /** With auth: the only topics that `alerter` may publish to. */
  readonly allow?: readonly string[];
  readonly receiveMax?: number;
  readonly tls: boolean;
}

export interface StartedBroker {
  readonly version: string;
  /** Undefined where a broker with TLS has no listener without it. */
  readonly mqttUrl: string | undefined;
  /** For a client with MQTT 3.1.1; another port on some brokers. */
  readonly mqtt311Url: string | undefined;
  readonly wsUrl: string | undefined;
  readonly mqttsUrl: string | undefined;
  readonly caFile: string | undefined;
  /** Undefined without auth. */
  readonly admin: Login | undefined;
  readonly alerter: Login | undefined;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again with the same ports and data; resolves when it answers. */
  startAgain(): Promise<void>;
}

export interface BrokerSource {
  readonly name: string;
  readonly speaksMqtt5: boolean;
  readonly can: ReadonlySet<Capability>;
  /** It keeps sessions and retained messages in memory only. */
  readonly forgetsAtRestart: boolean;
  /** It ends with the scope. */
  start(scope: Scope, options: BrokerOptions): Promise<StartedBroker>;
}

/** Why a broker is missing, and how to get it. */
export interface MissingBroker {
  readonly name: string;
  readonly howToGetIt: string;
}
