import { AckPolicy, type ConsumerConfig, DeliverPolicy, type NatsConnection, NatsError, nanos } from "nats";
import type { BusLogger } from "./options.js";

const consumerNotFound = 10014;

/** How many messages NATS leaves unacknowledged over all replicas together: room for dozens of them. */
const maxAckPending = 10_000;

type WantedConsumer = Pick<
  ConsumerConfig,
  "durable_name" | "ack_policy" | "ack_wait" | "max_deliver" | "max_ack_pending" | "deliver_policy"
>;

/** Finds the durable pull consumer or makes it; one that differs from what we need is left as it is, with a warning. */
export async function ensureDurable(
  connection: NatsConnection,
  stream: string,
  durable: string,
  ackWaitMs: number,
  logger: BusLogger,
): Promise<void> {
  const wanted: WantedConsumer = {
    durable_name: durable,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ackWaitMs),
    // An event leaves the consumer when it is delivered or a dead letter, never by being tried often enough.
    max_deliver: -1,
    max_ack_pending: maxAckPending,
    deliver_policy: DeliverPolicy.All,
  };
  const manager = await connection.jetstreamManager({ checkAPI: false });
  try {
    const { config } = await manager.consumers.info(stream, durable);
    if (config.ack_policy !== AckPolicy.Explicit || config.deliver_subject !== undefined) {
      throw new Error(
        `consumer ${durable} of stream ${stream} is not a pull consumer with explicit acknowledgement; ` +
          `remove it (nats consumer rm ${stream} ${durable}) and it will be made anew`,
      );
    }
    for (const setting of ["ack_wait", "max_deliver", "max_ack_pending"] as const) {
      if (config[setting] === wanted[setting]) continue;
      const facts = { stream, consumer: durable, setting, wanted: wanted[setting], live: config[setting] };
      logger.warn(facts, "consumer differs from what is expected and is left as it is");
    }
  } catch (error) {
    if (!(error instanceof NatsError) || error.api_error?.err_code !== consumerNotFound) throw error;
    await manager.consumers.add(stream, wanted);
    logger.info({ stream, consumer: durable }, "consumer made");
  }
}
