import type { Capability } from "./broker-source.js";

/**
 * How a public image is started so that a client without TLS may log in as `admin`, or without a login where it has
 * none.
 */
export interface BrokerImage {
  readonly name: string;
  readonly image: string;
  readonly can: readonly Capability[];
  readonly env: Readonly<Record<string, string>>;
  /** Files by their path in the container. */
  readonly files: Readonly<Record<string, string>>;
  readonly wsPort?: number;
  readonly wsPath?: string;
}

const password = "admin-secret";

export const brokerImages: readonly BrokerImage[] = [
  {
    name: "rabbitmq",
    image: "rabbitmq:4.1.4",
    can: ["auth", "ws"],
    env: { RABBITMQ_DEFAULT_USER: "admin", RABBITMQ_DEFAULT_PASS: password },
    files: { "/etc/rabbitmq/enabled_plugins": "[rabbitmq_mqtt,rabbitmq_web_mqtt].\n" },
    wsPort: 15_675,
    wsPath: "/ws",
  },
  { name: "hivemq", image: "hivemq/hivemq-ce:2025.5", can: ["ws"], env: {}, files: {}, wsPort: 8_000, wsPath: "/mqtt" },
  {
    name: "artemis",
    image: "apache/activemq-artemis:2.40.0",
    can: ["auth"],
    env: { ARTEMIS_USER: "admin", ARTEMIS_PASSWORD: password },
    files: {},
  },
  { name: "emqx", image: "emqx/emqx:5.8.6", can: ["ws"], env: {}, files: {}, wsPort: 8_083, wsPath: "/mqtt" },
  {
    name: "vernemq",
    image: "vernemq/vernemq:2.0.1",
    can: ["auth"],
    env: { DOCKER_VERNEMQ_ACCEPT_EULA: "yes", DOCKER_VERNEMQ_USER_admin: password },
    files: {},
  },
  { name: "nanomq", image: "emqx/nanomq:0.22.1", can: [], env: {}, files: {} },
];
