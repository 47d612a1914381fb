import { connect, type NatsConnection } from "nats";
import { connectOptions } from "./connect-options.js";
import type { BusOptions } from "./options.js";
import { createServerList, type Server } from "./servers.js";

export type Dialled = { readonly connection: NatsConnection; readonly server: Server };

export type DialOptions = {
  /** Where it failed before: each dial may take longer then, so that a slow network is not shut out for good. */
  readonly patient?: boolean;
  readonly overTls?: boolean;
  readonly signal?: AbortSignal;
};

const quickDialMs = 2_000;
const patientDialMs = 5_000;

/**
 * Dials one server after the other. Rejects with the most telling error: that of a server that answered, or else the
 * first.
 */
export async function dialFirst(
  options: BusOptions,
  servers: readonly Server[],
  { patient = false, overTls = false, signal }: DialOptions = {},
): Promise<Dialled> {
  const errors: unknown[] = [];
  for (const server of servers) {
    if (signal?.aborted) break;
    const isQuick = servers.length > 1 && (server.gossiped || !patient);
    const timeoutMs = isQuick ? quickDialMs : patientDialMs;
    try {
      return { connection: await connect(connectOptions(options, server, { timeoutMs, overTls })), server };
    } catch (error) {
      errors.push(error);
    }
  }
  throw errors.find((error) => !isSilence(error)) ?? errors[0];
}

/** One connection to one of the configured servers, for a command that a person runs. */
export async function dialOnce(options: BusOptions): Promise<NatsConnection> {
  return (await dialFirst(options, createServerList(options.servers).inOrder(), { patient: true })).connection;
}

function isSilence(error: unknown): boolean {
  const code = typeof error === "object" && error !== null ? Reflect.get(error, "code") : undefined;
  return code === "CONNECTION_REFUSED" || code === "TIMEOUT";
}
