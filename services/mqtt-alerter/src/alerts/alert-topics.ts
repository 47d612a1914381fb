import type { MqttAlerterSettings } from "../settings.js";
import type { AlertTopics, TaskTopics } from "./alert-messages.js";

const off: TaskTopics = { basic: undefined, full: undefined };

/** Which messages go where, from the settings. Distribute events say nothing of their outcome, so they are no alerts. */
export function alertTopicsOf(settings: MqttAlerterSettings): AlertTopics {
  return {
    tasks: {
      "sense.task.failed": {
        basic: settings.TASK_FAILURE_TOPIC,
        full: settings.TASK_FAILURE_SEND_FULL ? settings.TASK_FAILURE_FULL_TOPIC : undefined,
      },
      "sense.task.aborted": {
        basic: settings.TASK_ABORTED_TOPIC,
        full: settings.TASK_ABORTED_SEND_FULL ? settings.TASK_ABORTED_FULL_TOPIC : undefined,
      },
      "sense.task.succeeded": {
        basic: settings.TASK_SUCCESS_TOPIC,
        full: settings.TASK_SUCCESS_SEND_FULL ? settings.TASK_SUCCESS_FULL_TOPIC : undefined,
      },
      "sense.task.distributed": off,
    },
    serverStatus: settings.TASK_FAILURE_SERVER_STATUS_TOPIC,
  };
}
