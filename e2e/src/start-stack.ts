import { randomUUID } from "node:crypto";
import {
  type Environment,
  eventually,
  type PublishProperties,
  publishMqtt,
  type Qrs,
  type ReceivedMessage,
  type Scope,
  type Service,
  startQrs,
  startService,
} from "@sense-alerts/test-kit";
import { type Servers, type ServersOptions, startServers } from "./stack.js";

export const startTopic = "qliksense/start_task";
export const resultTopic = "qliksense/start_task/result";
export const anyTask: Environment = { TASK_START_ALLOW_ANY: "true" };

export interface StartStack extends Servers {
  readonly qrs: Qrs;
  /** An alerter that starts tasks, ready. */
  alerter(own?: Environment): Promise<Service>;
  /** A reload task that QRS knows. */
  addTask(task?: { readonly tags?: readonly string[]; readonly customProperties?: readonly NameAndValue[] }): string;
  request(payload: string, properties?: PublishProperties): Promise<void>;
  /** The answers so far, on the result topic unless said. */
  answers(topic?: string): Answer[];
  /** Waits for so many answers on the result topic, and gives them. */
  answered(count: number, timeoutMs?: number): Promise<Answer[]>;
  /** How often the stand-in has started each task. */
  startsOf(taskId: string): number;
}

type NameAndValue = { readonly name: string; readonly value: string };

interface Answer {
  readonly requestId: string;
  readonly taskId: string | null;
  readonly status: string;
  readonly sessionId: string | null;
  readonly reason: string | null;
  readonly message: ReceivedMessage;
}

/** NATS, a broker, someone who subscribes to everything, and a QRS: what starting tasks needs. */
export async function startStartStack(t: Scope, options: ServersOptions = {}): Promise<StartStack> {
  const [servers, qrs] = await Promise.all([startServers(t, options), startQrs(t)]);
  const { broker, subscriber } = servers;
  const env = { ...servers.env, ...qrs.environment, TASK_START_ENABLE: "true" };
  const answers = (topic = resultTopic) =>
    subscriber.messages
      .filter((message) => message.topic === topic)
      .map((message): Answer => ({ ...JSON.parse(message.text), message }));
  return {
    ...servers,
    env,
    qrs,
    alerter: (own = anyTask) => startService(t, "mqtt-alerter", { ...env, ...own }, { waitFor: "ready" }),
    addTask: (task = {}) => qrs.addTask({ name: `task ${randomUUID()}`, ...task }).id,
    request: (payload, properties = {}) => publishMqtt({ port: broker.port, topic: startTopic, payload, properties }),
    answers,
    answered: (count, timeoutMs = 10_000) =>
      eventually(
        () => {
          const found = answers();
          if (found.length < count) throw new Error(`${found.length} answers`);
          return found;
        },
        { timeoutMs, what: `${count} answers` },
      ),
    startsOf: (taskId) => qrs.starts.filter((start) => start.taskId === taskId).length,
  };
}
