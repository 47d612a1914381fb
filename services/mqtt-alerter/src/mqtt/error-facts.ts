import type { ConnectionEnd } from "./connection.js";

/**
 * What an error of MQTT.js says of the end of a connection. Its errors without a code are its two timeouts and what its
 * parser throws.
 */
export function factsOf(error: Error): Partial<ConnectionEnd> {
  const code = codeOf(error);
  if (typeof code.code === "string") return { cause: "error", ...code, error };
  if (error.message === "connack timeout") return { cause: "no-connack", error };
  if (error.message === "Keepalive timeout") return { cause: "no-pingresp", error };
  return { cause: "invalid-packet", error };
}

export function codeOf(error: Error): { code?: string | number } {
  const code: unknown = "code" in error ? error.code : undefined;
  return typeof code === "string" || typeof code === "number" ? { code } : {};
}
