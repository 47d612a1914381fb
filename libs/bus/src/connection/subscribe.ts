import type { Msg, NatsConnection, Subscription } from "nats";
import type { BusLogger } from "./options.js";

/**
 * Subscribes with a callback. An exception in it is logged as an error and ends nothing; in nats.js it would end the
 * reading of the socket without a word, until the pings fail. A permission that is missing is reported by the
 * connection.
 */
export function subscribe(
  connection: NatsConnection,
  subject: string,
  onMessage: (message: Msg) => void,
  logger: Pick<BusLogger, "error">,
): Subscription {
  return connection.subscribe(subject, {
    callback: (error, message) => {
      if (error !== null) return;
      try {
        onMessage(message);
      } catch (fault) {
        logger.error({ err: fault, subject: message.subject }, "handling a message from nats failed");
      }
    },
  });
}
