import { errors } from "undici";
import { ConnectError } from "./connect.js";
import { ExchangeError } from "./exchange.js";
import { RepositoryError, type RepositoryErrorCode } from "./repository-error.js";

/**
 * Whether the server hung up on a new connection without a word, as one does that takes no such client certificate, and
 * one that is killed: another attempt tells.
 */
export function isSilentHangUp({ code, cause }: RepositoryError): boolean {
  return code === "tls" && errorCodeOf(cause) === "UND_ERR_SOCKET";
}

type Explanation = { readonly code: RepositoryErrorCode; readonly message: string };

/** Why a request got no answer, in words that say what to do. `host` is QRS's, with its port. */
export function explainFailure(error: unknown, host: string): RepositoryError {
  const sent = !(error instanceof ExchangeError) || error.sent;
  const cause = rootOf(error);
  const { code, message } = explanationOf(error, cause, host);
  return new RepositoryError(code, message, { cause, sent });
}

function explanationOf(error: unknown, cause: unknown, host: string): Explanation {
  if (error instanceof ExchangeError) {
    switch (error.reason) {
      case "timeout":
        return error.sent
          ? { code: "timeout", message: `${host} did not answer in time: is it overloaded? (QRS_TIMEOUT_SECONDS)` }
          : { code: "timeout", message: `no connection to ${host} in time: is a firewall in between?` };
      case "too-large":
        return { code: "invalid-answer", message: `the answer of ${host} is too large` };
      case "closed":
        return { code: "unreachable", message: "the question was given up, since the client was closed" };
    }
  }
  return explainCause(cause, host);
}

// OpenSSL's names for what the server says of our certificate; those of 3.5, which Node 24 has, differ from those
// before.
const certificateAlert = /ALERT_(NO_|BAD_|UNSUPPORTED_)?(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE)/;
const untrusted =
  /SELF_SIGNED_CERT|UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT)|CERT_(SIGNATURE_FAILURE|UNTRUSTED|REJECTED)|INVALID_CA/;

function explainCause(cause: unknown, host: string): Explanation {
  const code = errorCodeOf(cause);
  switch (code) {
    case "ECONNREFUSED":
      return {
        code: "unreachable",
        message: `nobody listens at ${host}: does the Repository Service run? is QRS_URL right?`,
      };
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return {
        code: "unreachable",
        message: `the name in ${host} is not known here: is QRS_URL right? does DNS know it?`,
      };
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return { code: "unreachable", message: `there is no way to ${host} in the network: is QRS_URL right?` };
    case "ETIMEDOUT":
    case "UND_ERR_CONNECT_TIMEOUT":
      return { code: "unreachable", message: `${host} does not take the connection: does a firewall stop the port?` };
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return {
        code: "tls",
        message: `the certificate of ${host} is for another host name: set QRS_URL to the name that stands in it`,
      };
    case "CERT_HAS_EXPIRED":
      return { code: "tls", message: `the certificate of ${host} has expired` };
    case "CERT_NOT_YET_VALID":
      return {
        code: "tls",
        message: `the certificate of ${host} is not valid yet: is the clock of this machine right?`,
      };
    case "ENOENT":
    case "EACCES":
    case "EISDIR":
      return {
        code: "tls",
        message: `a certificate file cannot be read (${code}): check QRS_CERT_FILE, QRS_KEY_FILE, QRS_CA_FILE`,
      };
  }
  if (untrusted.test(code)) {
    return {
      code: "tls",
      message: `the certificate of ${host} is not trusted: set QRS_CA_FILE to the exported root.pem`,
    };
  }
  if (certificateAlert.test(code)) {
    return {
      code: "tls",
      message: `${host} does not accept the client certificate: export it again from the QMC (QRS_CERT_FILE, QRS_KEY_FILE)`,
    };
  }
  if (code === "EPROTO" || code.startsWith("ERR_SSL_") || code.startsWith("ERR_OSSL_") || code.startsWith("ERR_TLS_")) {
    const reason = opensslReason(messageOf(cause), code);
    return {
      code: "tls",
      message: `TLS with ${host} fails (${reason}): is QRS_URL right? do QRS_CERT_FILE and QRS_KEY_FILE fit each other?`,
    };
  }
  if (code === "UND_ERR_SOCKET" && hasNeverAnswered(cause)) {
    return {
      code: "tls",
      message: `${host} hung up without a word: does it refuse the client certificate (QRS_CERT_FILE, QRS_KEY_FILE)? is it stopping?`,
    };
  }
  return {
    code: "unreachable",
    message: `${host} broke the connection (${code || "without a reason"}): is the Repository Service stopping?`,
  };
}

/** `…:SSL routines:ssl3_get_record:wrong version number:../deps/…`: what it says last in words. */
function opensslReason(message: string, code: string): string {
  return /SSL routines:[^:]*:([^:]+)/.exec(message)?.[1] ?? code.replace(/^ERR_(SSL|OSSL|TLS)_/, "").toLowerCase();
}

/** undici tells with it what it knows of the socket. */
function hasNeverAnswered(error: unknown): boolean {
  if (!(error instanceof errors.SocketError)) return false;
  return error.socket?.bytesRead === 0;
}

/** Below our own errors and undici's, what node said. */
function rootOf(error: unknown): unknown {
  let root = error;
  while ((root instanceof ExchangeError || root instanceof ConnectError) && root.cause !== undefined) root = root.cause;
  // One error for each address of the host: the last one stands for all.
  return root instanceof AggregateError ? (root.errors.at(-1) ?? root) : root;
}

function errorCodeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
