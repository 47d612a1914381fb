import { randomUUID } from "node:crypto";
import {
  type Environment,
  type NatsServer,
  type Scope,
  type Service,
  sendDatagrams,
  startNats,
  startService,
  taskDatagram,
  uniqueName,
} from "@sense-alerts/test-kit";
import type { Login } from "./broker-source.js";

/** NATS and udp-ingest; each alerter has a durable consumer and topics of its own, so that all get the same events. */
export interface Stage {
  readonly nats: NatsServer;
  /** Sends failed tasks with names of their own; resolves with the names after the last one. */
  send(count: number, perSecond: number): Promise<string[]>;
  /** An alerter with these topics: see topicsOf(). */
  alerter(name: string, url: string, login: Login | undefined, env?: Environment): Promise<Service>;
}

export interface Topics {
  readonly basic: string;
  readonly full: string;
  readonly status: string;
  readonly server: string;
}

export function topicsOf(name: string): Topics {
  const prefix = `conformance/${name}`;
  return { basic: `${prefix}/failed`, full: `${prefix}/full`, status: `${prefix}/status`, server: `${prefix}/server` };
}

export async function startStage(scope: Scope): Promise<Stage> {
  const nats = await startNats(scope);
  const env = { NATS_URL: nats.url };
  const ingest = await startService(scope, "udp-ingest", env, { waitFor: "ready" });
  const port = await ingest.udpPort();
  return {
    nats,
    async send(count, perSecond) {
      const names = Array.from({ length: count }, () => uniqueName("task"));
      const datagrams = names.map((taskName) => taskDatagram({ taskName, executionId: randomUUID() }));
      await sendDatagrams(port, datagrams, { perSecond });
      return names;
    },
    alerter(name, url, login, own = {}) {
      const topics = topicsOf(name);
      return startService(
        scope,
        "mqtt-alerter",
        {
          ...env,
          NATS_CONSUMER: name,
          INSTANCE_ID: uniqueName(name),
          MQTT_URL: url,
          ...(login && { MQTT_USERNAME: login.username, MQTT_PASSWORD: login.password }),
          MQTT_STATUS_TOPIC: topics.status,
          TASK_FAILURE_TOPIC: topics.basic,
          TASK_FAILURE_FULL_TOPIC: topics.full,
          TASK_FAILURE_SERVER_STATUS_TOPIC: topics.server,
          ...own,
        },
        { waitFor: "http" },
      );
    },
  };
}
