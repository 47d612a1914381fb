import { createHash, randomUUID } from "node:crypto";
import { type IncomingRequest, parseRequest, type RequestProblem } from "./start-request.js";

/** A request as it waits in the stream, with all that its answer needs. */
export type StoredRequest = {
  /** Names what becomes of it: the same for every repeat of a request with an id of its own. */
  readonly key: string;
  /** The sender's; where there was none, one that was made for it. */
  readonly requestId: string;
  readonly taskId: string | null;
  /** Why it is to be refused. */
  readonly problem: RequestProblem | null;
  /** ISO 8601, UTC. */
  readonly receivedAt: string;
  readonly responseTopic: string | null;
  /** Base64. */
  readonly correlationData: string | null;
  readonly userProperties: readonly (readonly [name: string, value: string])[];
};

export type Identified = {
  /** The same on every replica, and for a message that is sent again. */
  readonly id: string;
  /** Whether the sender gave it an id: then it is the same request at any later time too. */
  readonly named: boolean;
  readonly request: StoredRequest;
};

/**
 * Makes of a message what is stored of it. One without an id of its own is known by its payload, response topic and
 * correlation data.
 */
export function identify(incoming: IncomingRequest, receivedAt: Date): Identified {
  const parsed = parseRequest(incoming);
  const { taskId = null, requestId } = parsed;
  const named = requestId !== undefined && taskId !== null;
  const id = named
    ? `id-${digest(requestId, taskId)}`
    : `message-${digest(incoming.payload, incoming.responseTopic ?? "", incoming.correlationData ?? "")}`;
  const own = randomUUID();
  const whole = parsed.ok || parsed.problem !== "properties-too-large";
  const request: StoredRequest = {
    key: named ? id : own,
    requestId: requestId ?? own,
    taskId,
    problem: parsed.ok ? null : parsed.problem,
    receivedAt: receivedAt.toISOString(),
    responseTopic: whole ? (incoming.responseTopic ?? null) : null,
    correlationData: whole ? base64(incoming.correlationData) : null,
    userProperties: whole ? incoming.userProperties : [],
  };
  return { id, named, request };
}

export function encodeRequest(request: StoredRequest): Uint8Array {
  return Buffer.from(JSON.stringify(request));
}

/** Undefined for bytes that are no request of ours: whoever may publish on the subject may publish anything. */
export function decodeRequest(bytes: Uint8Array): StoredRequest | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    return isStoredRequest(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isStoredRequest(value: unknown): value is StoredRequest {
  if (typeof value !== "object" || value === null) return false;
  const has = (name: string, ...types: string[]) => {
    const field: unknown = Reflect.get(value, name);
    return types.includes(field === null ? "null" : typeof field);
  };
  const { key, userProperties, receivedAt } = value as Partial<Record<string, unknown>>;
  return (
    has("requestId", "string") &&
    ["taskId", "problem", "responseTopic", "correlationData"].every((name) => has(name, "string", "null")) &&
    typeof key === "string" &&
    /^[\w-]{1,128}$/.test(key) &&
    typeof receivedAt === "string" &&
    !Number.isNaN(Date.parse(receivedAt)) &&
    Array.isArray(userProperties) &&
    userProperties.every(
      (pair) => Array.isArray(pair) && pair.length === 2 && pair.every((text) => typeof text === "string"),
    )
  );
}

/** Of parts with their lengths, so that no two lists of parts have one digest. */
function digest(...parts: (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest("hex").slice(0, 40);
}

function base64(bytes: Uint8Array | undefined): string | null {
  return bytes === undefined ? null : Buffer.from(bytes).toString("base64");
}
