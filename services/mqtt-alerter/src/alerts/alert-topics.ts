import type { MqttAlerterSettings } from "../settings.js";
import type { AlertTopics, TaskTopics } from "./alert-messages.js";

const off: TaskTopics = { basic: undefined, full: undefined };

/**
 * Which messages go where, from the settings. A distribution is an alert once it has ended, and then as what it ended
 * as.
 */
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
    spaceReplacement: settings.TOPIC_SPACE_REPLACEMENT,
  };
}
