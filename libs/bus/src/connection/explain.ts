import { NatsError } from "nats";
import { isJetStreamMissing, statusOfError } from "./api-status.js";
import type { BusOptions } from "./options.js";
import { asksForTls } from "./servers.js";

/** What to do about a failure of NATS, as far as the error says. The same cause has the same words each time. */
export function explainNatsError(error: unknown, options: BusOptions): string {
  if (error instanceof NatsError && error.api_error !== undefined) {
    const text = `JetStream: ${error.api_error.description}`;
    return isJetStreamMissing(statusOfError(error))
      ? `${text} (on a leaf node, set NATS_JETSTREAM_DOMAIN to the domain of the hub)`
      : text;
  }
  const message = error instanceof Error ? error.message : String(error);
  if (isUnexplainedClose(error)) {
    return asksForTls(options)
      ? endedHandshake
      : "the server closed the connection at once (is it a nats-server? is NATS_URL right?)";
  }
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" ? explainCode(code, message, options) : message;
}

/**
 * What an error that the server reports on an open connection means. `permission` is what was not allowed, if it was
 * that.
 */
export function explainServerError(
  code: string,
  permission: { readonly operation: string; readonly subject: string } | undefined,
  options: BusOptions,
): string {
  return permission === undefined ? explainCode(code, "", options) : notAllowed(permission, options);
}

// OpenSSL's names for what the server says of our certificate; those of 3.5, which Node 24 has, differ from those
// before.
const certificateAlert = /^ERR_SSL_.*ALERT_(NO_|BAD_|UNSUPPORTED_)?(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/;

/**
 * One text for the alert and for a bare close: the alert can be lost on the way when the server hangs up right behind
 * it.
 */
const endedHandshake =
  "the server ended the TLS handshake: it wants another client certificate, or one at all (check NATS_TLS_CERT_FILE and NATS_TLS_KEY_FILE), or starts with TLS (set NATS_TLS_FIRST)";

/**
 * A server that hangs up during the dial shows as a reset, or as nats.js' own code: it calls a connection refused that
 * was made and closed without a word. One that was refused has Node's reason with it.
 */
function isUnexplainedClose(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  if (error.code === "ECONNRESET" || error.code === "EPIPE") return true;
  if (!(error instanceof NatsError) || error.code !== "CONNECTION_REFUSED") return false;
  return error.chainedError === undefined || Reflect.get(error.chainedError, "code") !== "ECONNREFUSED";
}

function explainCode(code: string, message: string, options: BusOptions): string {
  if (certificateAlert.test(code)) return endedHandshake;
  switch (code) {
    case "CONNECTION_REFUSED":
      return "nobody listens at that address (is nats-server running? is NATS_URL right?)";
    case "TIMEOUT":
      return "no answer in time (is a firewall in between? does the server want a client certificate, NATS_TLS_CERT_FILE?)";
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "CERT_SIGNATURE_FAILURE":
      return "the server's certificate is not trusted (set NATS_TLS_CA_FILE to its authority's certificate)";
    case "CERT_HAS_EXPIRED":
      return "the server's certificate has expired";
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return "the server's certificate is for another host name than NATS_URL has";
    case "AUTHORIZATION_VIOLATION":
    case "AUTHENTICATION_EXPIRED":
    case "ACCOUNT_EXPIRED":
    case "AUTHENTICATION_TIMEOUT":
    case "BAD_AUTHENTICATION":
      return `the server refused the login (check ${loginSettings(options)})`;
    case "PERMISSIONS_VIOLATION":
      return notAllowed(permissionIn(message), options);
    case "503":
      return noJetStream(options);
    default:
      return message === "" ? code : message.startsWith(code) ? message : `${code}: ${message}`;
  }
}

/** Nobody answers on the subjects of JetStream's API. */
function noJetStream({ jetStreamDomain }: BusOptions): string {
  return jetStreamDomain === undefined
    ? "no JetStream answers there (start nats-server with -js; on a leaf node, set NATS_JETSTREAM_DOMAIN to the domain of the hub)"
    : `no JetStream of the domain ${jetStreamDomain} answers there (is NATS_JETSTREAM_DOMAIN right? is the leaf node connected to its hub?)`;
}

function loginSettings({ credsFile, nkeySeed, token, user }: BusOptions): string {
  if (credsFile !== undefined) return "NATS_CREDS_FILE";
  if (nkeySeed !== undefined) return "NATS_NKEY_SEED";
  if (token !== undefined) return "NATS_TOKEN";
  if (user !== undefined) return "NATS_USER and NATS_PASSWORD";
  return "NATS_USER, NATS_PASSWORD, NATS_TOKEN, NATS_CREDS_FILE or NATS_NKEY_SEED";
}

type Permission = { readonly operation: string; readonly subject: string };

/** The server's words: `Permissions Violation for Publish to "subject"`. */
function permissionIn(message: string): Permission {
  const [, operation = "", subject = ""] = /(Publish|Subscription) to "(\S+)"/.exec(message) ?? [];
  return { operation: operation.toLowerCase(), subject };
}

/** What an operator would add to the permissions: a subject that is another each time is named by its pattern. */
function notAllowed({ operation, subject }: Permission, { inboxPrefix = "_INBOX" }: BusOptions): string {
  const verb = operation === "publish" ? "publish" : "subscribe";
  return `the server's permissions do not allow it: ${verb} ${patternOf(subject, inboxPrefix)}`;
}

function patternOf(subject: string, inboxPrefix: string): string {
  if (subject.startsWith(`${inboxPrefix}.`)) return `${inboxPrefix}.>`;
  if (!subject.startsWith("$JS.")) return subject.replace(/(\.start-re(?:quest|cord))\.[^.]+$/, "$1.*");
  if (!subject.startsWith("$JS.ACK.")) return subject;
  // $JS.ACK.<stream>.<consumer>.…, and from nats-server 2.15 on $JS.ACK.<domain>.<account>.<stream>.<consumer>.…
  // (ADR-15)
  const tokens = subject.split(".");
  return [...tokens.slice(0, tokens.length >= 11 ? 6 : 4), ">"].join(".");
}
