import type { NatsConnection } from "nats";
import { managerOptions } from "../connection/jetstream-api.js";
import type { BusOptions } from "../connection/options.js";

/** What a durable consumer has before it, over all replicas that read through it. */
export type Backlog = {
  /** Messages that it has not handed out yet. */
  readonly pending: number;
  /** Messages that it has handed out, and whose acknowledgement is outstanding. */
  readonly ackPending: number;
};

/** Shorter than what a scrape may take. */
const timeoutMs = 1_000;

/** Asks NATS. Undefined when there is no answer, or no such consumer, at the moment: then nothing can be said of it. */
export async function readBacklog(
  connection: NatsConnection,
  options: Pick<BusOptions, "jetStreamDomain">,
  stream: string,
  durable: string,
): Promise<Backlog | undefined> {
  try {
    const manager = await connection.jetstreamManager(managerOptions(options, timeoutMs));
    const info = await manager.consumers.info(stream, durable);
    return { pending: info.num_pending, ackPending: info.num_ack_pending };
  } catch {
    return undefined;
  }
}
