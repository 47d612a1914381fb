import { createHash } from "node:crypto";
import type { EventType } from "./subjects.js";

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const nilGuid = "00000000-0000-0000-0000-000000000000";

/**
 * The id of what happened, the same wherever and however often the datagram is received; it is also the `Nats-Msg-Id`.
 * A real execution GUID identifies (kind, task, execution), so an abort and a failure of one execution are two events.
 * Without one, empty or nil or made up, the datagram's own bytes do: two tasks never share an id for want of one.
 */
export function eventId(type: EventType, taskId: string, executionId: string, datagram: Uint8Array): string {
  const kind = type.slice(type.indexOf(".") + 1);
  if (guid.test(executionId) && executionId !== nilGuid) {
    return `${kind}:${taskId.toLowerCase()}:${executionId.toLowerCase()}`;
  }
  return `${kind}:sha256:${createHash("sha256").update(datagram).digest("hex")}`;
}
