import { type Msg, NatsError } from "nats";

/**
 * What a server answered instead of what was asked for. `code` is the status (503, 409, …), `apiCode` JetStream's
 * err_code if there is one. Predicates take undefined too, for answers that are not a status.
 */
export type ApiStatus = { readonly code: number; readonly apiCode: number | undefined; readonly description: string };

/** JetStream's err_code numbers, as in errors.json of nats-server. */
const apiCodes = {
  clusterNotAvailable: 10008,
  clusterNotLeader: 10009,
  consumerNotFound: 10014,
  messageNotFound: 10037,
  notEnabledForAccount: 10039,
  raftGeneral: 10041,
  sequenceNotFound: 10043,
  storageExceeded: 10047,
  messageTooLarge: 10054,
  streamNotFound: 10059,
  streamMismatch: 10060,
  wrongLastSequence: 10071,
  peerRemap: 10075,
  notEnabled: 10076,
  streamOffline: 10118,
  consumerOffline: 10119,
  consumerDoesNotExist: 10149,
  idInProcess: 10158,
  lastSequenceNotReady: 10163,
  subjectInProcess: 10164,
  tooManyRequests: 10167,
  streamOfflineReason: 10194,
  consumerOfflineReason: 10195,
};

/** The status that a message carries in its headers (ADR-4); undefined for a message that has none. */
export function statusOfMessage({ headers }: Pick<Msg, "headers">): ApiStatus | undefined {
  if (headers === undefined || headers.code === 0) return undefined;
  return { code: headers.code, apiCode: undefined, description: headers.description };
}

/**
 * The status in the `error` object of a JetStream answer: `{"code":503,"err_code":10077,"description":"…"}`, whatever
 * it holds.
 */
export function statusOfApiError(error: unknown): ApiStatus {
  const facts: object = typeof error === "object" && error !== null ? error : {};
  const [code, apiCode, text]: unknown[] = ["code", "err_code", "description"].map((key) => Reflect.get(facts, key));
  return {
    code: typeof code === "number" ? code : 0,
    apiCode: typeof apiCode === "number" ? apiCode : undefined,
    description: typeof text === "string" ? text : "no reason given",
  };
}

/** The status behind an error of nats.js; undefined when no server answered, as after a timeout. */
export function statusOfError(error: unknown): ApiStatus | undefined {
  if (!(error instanceof NatsError)) return undefined;
  if (error.api_error !== undefined) return statusOfApiError(error.api_error);
  return /^\d{3}$/.test(error.code)
    ? { code: Number(error.code), apiCode: undefined, description: error.message }
    : undefined;
}

type Predicate = (status: ApiStatus | undefined) => boolean;

function hasApiCode(...names: (keyof typeof apiCodes)[]): Predicate {
  const numbers = new Set(names.map((name) => apiCodes[name]));
  return (status) => status?.apiCode !== undefined && numbers.has(status.apiCode);
}

function says(code: number, text: string): Predicate {
  return (status) => status?.code === code && status.description.toLowerCase().includes(text);
}

/** Nobody listens to the subject: no stream takes it, its leader is moving, or there is no JetStream. */
export const isNoResponders: Predicate = (status) => status?.code === 503 && status.apiCode === undefined;

const announcesLeaderChange = says(409, "leadership change");
const announcesShutdown = says(409, "server shutdown");

/** The leader of the consumer gives up what was asked of it, because it is no longer the leader or its server stops. */
export const isLeaderChange: Predicate = (status) => announcesLeaderChange(status) || announcesShutdown(status);

/** A pull request ended at its time (408 Request Timeout, Interest Expired, No Interest) or found nothing (404). */
export const isPullExpired: Predicate = (status) =>
  status?.apiCode === undefined && (status?.code === 408 || status?.code === 404);

/** A pull request was served up to its limit of bytes. */
export const isBatchCompleted: Predicate = says(409, "batch completed");

const announcesDeletedConsumer = says(409, "consumer deleted");
const hasNoConsumer = hasApiCode("consumerNotFound", "consumerDoesNotExist");

/** The consumer is not there, or no longer. */
export const isConsumerGone: Predicate = (status) => hasNoConsumer(status) || announcesDeletedConsumer(status);

const announcesDeletedStream = says(409, "stream deleted");
const hasNoStream = hasApiCode("streamNotFound");

/** The stream is not there, or no longer. */
export const isStreamGone: Predicate = (status) => hasNoStream(status) || announcesDeletedStream(status);

/** The stream does not hold the message, or no longer. */
export const isMessageGone: Predicate = hasApiCode("messageNotFound", "sequenceNotFound");

/** The stream has a max_msg_size, and the message is above it. */
export const isTooLarge: Predicate = hasApiCode("messageTooLarge");

/**
 * The last message of the subject is not the expected one. Since nats-server 2.10 a repeated publish gets this, not
 * `duplicate`.
 */
export const isWrongLastSequence: Predicate = hasApiCode("wrongLastSequence");

/** Another stream than the expected one has stored the message. */
export const isOtherStream: Predicate = hasApiCode("streamMismatch");

/** The disk or the account has no room for a stream of this size. */
export const isOutOfStorage: Predicate = hasApiCode("storageExceeded");

/** The server has no JetStream, or none for this account. */
export const isJetStreamMissing: Predicate = hasApiCode("notEnabled", "notEnabledForAccount");

const hasNoLeader = hasApiCode(
  "clusterNotAvailable",
  "clusterNotLeader",
  "raftGeneral",
  "peerRemap",
  "streamOffline",
  "streamOfflineReason",
  "consumerOffline",
  "consumerOfflineReason",
);
const isUndecided = hasApiCode("idInProcess", "subjectInProcess", "lastSequenceNotReady", "tooManyRequests");

/**
 * JetStream cannot answer at the moment, or an earlier attempt of the same message is still undecided: the same request
 * can succeed a moment later.
 */
export const isUnavailable: Predicate = (status) =>
  isNoResponders(status) || hasNoLeader(status) || isUndecided(status);

/** JetStream behind this server has no leader that answers: what a server says that is cut off from its peers. */
export const isCutOff: Predicate = (status) => isNoResponders(status) || hasNoLeader(status);
