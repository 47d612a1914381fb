import { randomUUID } from "node:crypto";
import {
  eventually,
  type MqttSubscription,
  type ReceivedMessage,
  type Service,
  sendDatagram,
  type TaskDatagramFields,
  taskDatagram,
  uniqueName,
} from "@sense-alerts/test-kit";

export interface SendAlertOptions {
  /** How the datagram's text becomes bytes; UTF-8 if left out. */
  readonly encode?: (text: string) => Uint8Array;
  /** Where it is sent; 127.0.0.1 if left out. */
  readonly address?: string;
}

export interface Alert {
  readonly basic: ReceivedMessage;
  readonly full: ReceivedMessage;
  /** The full message's object. */
  readonly object: Readonly<Record<string, unknown>>;
}

/** A datagram that is like no other: its task has a name and an execution of its own, unless they are given. */
export function newTask(fields: Partial<TaskDatagramFields> = {}): { taskName: string; datagram: string } {
  const { taskName = uniqueName("task") } = fields;
  return { taskName, datagram: taskDatagram({ executionId: randomUUID(), ...fields, taskName }) };
}

/** Sends the datagram of a failed task and waits for both of its messages, on whatever topic. */
export async function sendAlert(
  ingest: Service,
  subscriber: MqttSubscription,
  fields: Partial<TaskDatagramFields> = {},
  { encode = Buffer.from, address = "127.0.0.1" }: SendAlertOptions = {},
): Promise<Alert> {
  const { taskName, datagram } = newTask(fields);
  await sendDatagram(await ingest.udpPort(), encode(datagram), { address });
  return alertOf(subscriber, taskName);
}

/** Waits for the basic and the full message of a task. */
export async function alertOf(subscriber: MqttSubscription, taskName: string): Promise<Alert> {
  return eventually(
    () => {
      // Each lane has its own order.
      const messages = messagesOf(subscriber, taskName);
      const basic = messages.find(({ text }) => text === taskName);
      const full = messages.find(({ text }) => text !== taskName);
      if (basic === undefined || full === undefined) {
        throw new Error(`has ${basic?.topic ?? "nothing"} of it, and ${subscriber.messages.length} messages in all`);
      }
      return { basic, full, object: JSON.parse(full.text) };
    },
    { what: `the two messages of ${taskName}` },
  );
}

/** The messages of a task so far, basic ones first: these hold the bare name, full ones an object with it. */
export function messagesOf(subscriber: MqttSubscription, taskName: string): ReceivedMessage[] {
  const inObject = `"taskName":${JSON.stringify(taskName)},`;
  const basic = subscriber.messages.filter(({ text }) => text === taskName);
  return [...basic, ...subscriber.messages.filter(({ text }) => text.includes(inObject))];
}
