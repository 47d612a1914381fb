import { randomBytes } from "node:crypto";
import { type HeardMessage, listenToAlerts } from "@sense-alerts/mqtt-alerter/alert-listener";
import { mqttOptionsOf, readSettings } from "@sense-alerts/mqtt-alerter/settings";
import type { Environment } from "@sense-alerts/service-kit";
import type { AlertWatch, TestAlert } from "@sense-alerts/test-alert";

/** What counts for a reader too. The client id is not among them: with it the reader would throw mqtt-alerter out. */
const names = [
  "MQTT_USERNAME",
  "MQTT_PASSWORD",
  "MQTT_PROTOCOL_VERSION",
  "MQTT_TLS_CA_FILE",
  "MQTT_TLS_CERT_FILE",
  "MQTT_TLS_KEY_FILE",
  "MQTT_TLS_INSECURE",
];

/**
 * Gives what waits at a broker for a test alert, with the login and the TLS files of the environment. Throws a
 * SettingsError.
 */
export function watchAt(env: Environment) {
  return (broker: string, topic: string): ((alert: TestAlert) => Promise<AlertWatch>) => {
    const given = names.flatMap((name) => [name, `${name}_FILE`]).map((name) => [name, env[name]] as const);
    const settings = readSettings({ ...Object.fromEntries(given), MQTT_URL: broker });
    const options = { ...mqttOptionsOf(settings), clientId: `send-test-alert-${randomBytes(4).toString("hex")}` };
    return async (alert) => {
      let arrival: ReturnType<AlertWatch["arrival"]>;
      const listener = await listenToAlerts(options, topic, (message) => {
        const atMs = performance.now();
        if (isOf(alert, message)) arrival ??= { atMs, topic: message.topic };
      });
      return {
        arrival: () => arrival,
        trouble: () => {
          const why = listener.trouble()?.replaceAll("MQTT_URL", "--broker");
          if (why === undefined) return undefined;
          return {
            what: `it cannot be waited for: ${why}`,
            toDo: "mend that, and run this again: it says nothing about mqtt-alerter",
          };
        },
        close: listener.close,
      };
    };
  };
}

/**
 * By the event's id of MQTT 5, else by the full message's execution, else by the basic message, which is the task's
 * name alone.
 */
function isOf({ executionId, taskName }: TestAlert, { payload, eventId }: HeardMessage): boolean {
  if (eventId !== undefined) return eventId.endsWith(`:${executionId}`);
  return payload === taskName || payload.includes(`"executionId":"${executionId}"`);
}
