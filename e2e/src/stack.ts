import {
  type Environment,
  eventually,
  type Mosquitto,
  type MosquittoOptions,
  type MqttSubscription,
  type NatsServer,
  type NatsServerOptions,
  type ReceivedMessage,
  type Scope,
  type Service,
  type SubscribeOptions,
  sendDatagram,
  startMosquitto,
  startNats,
  startService,
  subscribeMqtt,
} from "@sense-alerts/test-kit";

export interface ServersOptions {
  readonly nats?: NatsServerOptions;
  readonly broker?: MosquittoOptions;
  readonly subscriber?: Partial<SubscribeOptions>;
}

/** What the services stand between: a real NATS, a real broker, and someone who subscribes to everything. */
export interface Servers {
  readonly nats: NatsServer;
  readonly broker: Mosquitto;
  readonly subscriber: MqttSubscription;
  /** NATS_URL and MQTT_URL. */
  readonly env: Environment;
}

export async function startServers(t: Scope, options: ServersOptions = {}): Promise<Servers> {
  const [nats, broker] = await Promise.all([startNats(t, options.nats), startMosquitto(t, options.broker)]);
  const subscriber = await subscribeMqtt(t, { port: broker.port, topics: ["#"], ...options.subscriber });
  return { nats, broker, subscriber, env: { NATS_URL: nats.url, MQTT_URL: broker.url } };
}

export interface StackOptions extends ServersOptions {
  readonly ingestEnv?: Environment;
  readonly alerterEnv?: Environment;
  /** Settings of both services. */
  readonly env?: Environment;
}

/** Both services as their own processes between servers of their own. */
export interface Stack extends Servers {
  readonly ingest: Service;
  readonly alerter: Service;
  send(datagram: string | Uint8Array): Promise<void>;
  /** What came on a topic so far. */
  on(topic: string): ReceivedMessage[];
  /** Waits for the n-th message on a topic. */
  message(topic: string, n?: number): Promise<ReceivedMessage>;
}

/** Resolves when both services are ready and the subscriber is subscribed. */
export async function startStack(t: Scope, options: StackOptions = {}): Promise<Stack> {
  const servers = await startServers(t, options);
  const env = { ...servers.env, ...options.env };
  const [ingest, alerter] = await Promise.all([
    startService(t, "udp-ingest", { ...env, ...options.ingestEnv }, { waitFor: "ready" }),
    startService(t, "mqtt-alerter", { ...env, ...options.alerterEnv }, { waitFor: "ready" }),
  ]);
  const port = await ingest.udpPort();
  const { subscriber } = servers;
  const on = (topic: string) => subscriber.messages.filter((message) => message.topic === topic);
  return {
    ...servers,
    ingest,
    alerter,
    on,
    send: (datagram) => sendDatagram(port, datagram),
    message: (topic, n = 1) =>
      eventually(
        () => {
          const found = on(topic)[n - 1];
          if (found === undefined)
            throw new Error(`has ${subscriber.messages.map((m) => m.topic).join(", ") || "nothing"}`);
          return found;
        },
        { what: `message ${n} on ${topic}` },
      ),
  };
}
