import { type SenseEvent, senseEventSchema } from "./event.js";
import { eventTypes } from "./subjects.js";

/** Why bytes from the bus are not an event. Each reason is also a metric label and the reason of a dead letter. */
export type DecodeFailure = "not-json" | "unknown-type" | "invalid-event";

export type Decoded =
  | { readonly ok: true; readonly event: SenseEvent }
  | { readonly ok: false; readonly reason: DecodeFailure; readonly detail: string };

/** The event as UTF-8 JSON, CloudEvents structured mode. */
export function encodeEvent(event: SenseEvent): Uint8Array {
  return Buffer.from(JSON.stringify(event));
}

/**
 * Reads bytes from the bus. Never throws; unknown further fields are ignored, so that a newer udp-ingest can be
 * deployed first.
 */
export function decodeEvent(bytes: Uint8Array): Decoded {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
  } catch (error) {
    return { ok: false, reason: "not-json", detail: String(error) };
  }
  const parsed = senseEventSchema.safeParse(json);
  if (parsed.success) return { ok: true, event: parsed.data };
  const type: unknown = typeof json === "object" && json !== null && "type" in json ? json.type : undefined;
  if (typeof type === "string" && !eventTypes.some((known) => known === type)) {
    return { ok: false, reason: "unknown-type", detail: `type is ${JSON.stringify(type)}` };
  }
  const detail = parsed.error.issues.map((issue) => `${issue.path.join(".") || "event"}: ${issue.message}`).join("; ");
  return { ok: false, reason: "invalid-event", detail };
}
