import { deadLetterSubject, rejectedSubject } from "@sense-alerts/event-contract";
import { type JetStreamManager, NatsError } from "nats";
import type { BusLogger, BusOptions } from "../connection/options.js";
import { covers, rejectedStreamName } from "./wanted-streams.js";

/**
 * Takes the dead-letter subject out of the stream of rejected datagrams, which had it up to version 0.1, so that a
 * stream of its own can take it. The dead letters in that stream stay there. Resolves to false when that stream does
 * not take the subject. Rejects, with the command to run, when the stream may not or cannot be changed. Several
 * replicas may do this at the same time: each asks for the same subjects. A dead letter that is published in between is
 * not acknowledged, and is published again.
 */
export async function releaseDeadLetterSubject(
  manager: JetStreamManager,
  options: BusOptions,
  logger: BusLogger,
): Promise<boolean> {
  const stream = rejectedStreamName(options.streamName);
  const subject = deadLetterSubject(options.subjectPrefix);
  const rejected = rejectedSubject(options.subjectPrefix);
  const command = `run: nats stream edit ${stream} --subjects ${rejected}`;
  const stays = `stream ${stream} still takes ${subject}, which now has a stream of its own`;
  try {
    const taken: readonly string[] = (await manager.streams.info(stream)).config.subjects ?? [];
    if (!taken.some((pattern) => covers(pattern, subject))) return false;
    const others = taken.filter((pattern) => pattern !== subject);
    if (others.some((pattern) => covers(pattern, subject))) {
      throw new Error(`${stays}, by the pattern ${others.find((pattern) => covers(pattern, subject))}; ${command}`);
    }
    // A stream with no subject at all would get its own name for one.
    await manager.streams.update(stream, { subjects: others.length > 0 ? others : [rejected] });
  } catch (error) {
    if (!(error instanceof NatsError)) throw error;
    if (error.api_error !== undefined) {
      throw new Error(`${stays}: ${error.api_error.description}; ${command}`, { cause: error });
    }
    if (error.code !== "PERMISSIONS_VIOLATION") throw error;
    const needed = ["INFO", "UPDATE"].map((verb) => `$JS.API.STREAM.${verb}.${stream}`).join(" and ");
    throw new Error(`${stays}; allow publish ${needed}, or ${command}`, { cause: error });
  }
  logger.info({ stream, subject }, "dead letters get a stream of their own");
  return true;
}
