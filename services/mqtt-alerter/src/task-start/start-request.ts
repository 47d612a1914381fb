/** A message on the start topic, as the broker hands it over. */
export type IncomingRequest = {
  readonly payload: Uint8Array;
  /** Kept by the broker from before, rather than sent now. */
  readonly retained: boolean;
  readonly responseTopic: string | undefined;
  readonly correlationData: Uint8Array | undefined;
  readonly userProperties: readonly (readonly [name: string, value: string])[];
};

/** Why a message on the start topic is no request that could be carried out. */
export type RequestProblem =
  | "too-long"
  | "properties-too-large"
  | "not-utf8"
  | "empty"
  | "not-a-guid"
  | "bad-json"
  | "bad-request-id";

export type ParsedRequest =
  | { readonly ok: true; readonly taskId: string; readonly requestId: string | undefined }
  | {
      readonly ok: false;
      readonly problem: RequestProblem;
      readonly taskId?: string | undefined;
      readonly requestId?: string | undefined;
    };

export const longestPayloadBytes = 1_024;
/** Correlation data, response topic and user properties together. */
export const largestPropertiesBytes = 4_096;
const longestRequestId = 128;

const guid = /^(\{?)([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(\}?)$/i;
const control = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u;

/**
 * Reads a request: a bare task GUID, in braces or not, or `{"taskId": "…", "requestId": "…"}`; blanks around and
 * further keys do not matter. The GUID comes out in lower case. What of a bad request can be read is given too, for the
 * answer.
 */
export function parseRequest({ payload, ...properties }: IncomingRequest): ParsedRequest {
  if (payload.length > longestPayloadBytes) return { ok: false, problem: "too-long" };
  if (propertiesBytes(properties) > largestPropertiesBytes) return { ok: false, problem: "properties-too-large" };
  const text = utf8(payload)?.trim();
  if (text === undefined) return { ok: false, problem: "not-utf8" };
  if (text === "") return { ok: false, problem: "empty" };
  const bare = readGuid(text);
  if (bare !== undefined) return { ok: true, taskId: bare, requestId: undefined };
  return text.startsWith("{") ? parseObject(text) : { ok: false, problem: "not-a-guid" };
}

function parseObject(text: string): ParsedRequest {
  const object = jsonObject(text);
  if (object === undefined) return { ok: false, problem: "bad-json" };
  const taskId = typeof object["taskId"] === "string" ? readGuid(object["taskId"].trim()) : undefined;
  const given = object["requestId"] ?? undefined;
  const requestId = isRequestId(given) ? given : undefined;
  if (given !== undefined && requestId === undefined) return { ok: false, problem: "bad-request-id", taskId };
  if (taskId === undefined) return { ok: false, problem: "not-a-guid", requestId };
  return { ok: true, taskId, requestId };
}

/** A GUID in lower case without its braces; undefined for any other text. */
export function readGuid(text: string): string | undefined {
  const [, open, digits, close] = guid.exec(text) ?? [];
  return (open === "") === (close === "") ? digits?.toLowerCase() : undefined;
}

function isRequestId(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= longestRequestId && !control.test(value);
}

function propertiesBytes({ responseTopic = "", correlationData, userProperties }: Omit<IncomingRequest, "payload">) {
  const texts = [responseTopic, ...userProperties.flat()];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), correlationData?.length ?? 0);
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function jsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
