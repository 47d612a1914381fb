import type { ConnectionEnd } from "./connection.js";
import type { ProtocolVersion } from "./mqtt-options.js";

// OpenSSL's names for what the broker says of our certificate; those of 3.5, which Node 24 has, differ from those
// before.
const certificateAlert = /^ERR_SSL_.*ALERT_(NO_|BAD_|UNSUPPORTED_)?(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/;
const weakSignature = /(CA|EE)_(MD|KEY)_TOO_(WEAK|SMALL)/;

/** Why there is no connection to the broker, and what to do about it, as far as it is known. */
export function explainConnectionEnd(end: ConnectionEnd, protocolVersion: ProtocolVersion): string {
  const { cause, code } = end;
  switch (cause) {
    case "connack":
      return explainConnack(Number(code), end.serverReference, protocolVersion);
    case "disconnect":
      return explainDisconnect(Number(code), end.serverReference);
    case "no-connack":
      return "no answer to the attempt to connect (is a firewall in between? does the broker hang?)";
    case "no-pingresp":
      return "the broker does not answer pings (does it hang, or is the network too slow?)";
    case "no-puback":
      return "the broker acknowledges nothing (does it hang? a slow link needs a longer MQTT_PUBACK_TIMEOUT_SECONDS)";
    case "invalid-packet":
      return `the broker sent an invalid packet: ${end.error?.message ?? "unknown"}`;
    case "error":
      return explainError(end.error ?? new Error(String(code)), code);
    case "closed":
    case "dropped":
      if (end.accepted) return "the connection broke";
      return `the connection was closed without an answer (is an MQTT broker at that address${
        protocolVersion === 5 ? ", or is it one for MQTT_PROTOCOL_VERSION=4" : ""
      }?)`;
  }
}

/** Reason codes of MQTT 5, 3.2.2.2, and return codes of MQTT 3.1.1, 3.2.2.3. */
function explainConnack(code: number, reference: string | undefined, protocolVersion: ProtocolVersion): string {
  switch (code) {
    case 1:
    case 0x84:
      return `the broker does not speak this version of MQTT (set MQTT_PROTOCOL_VERSION=${protocolVersion === 5 ? 4 : 5})`;
    case 2:
    case 0x85:
      return "the broker refused the client id (set MQTT_CLIENT_ID)";
    case 4:
    case 0x86:
      return "the broker refused user name or password (check MQTT_USERNAME and MQTT_PASSWORD)";
    case 5:
    case 0x87:
      return "the broker does not let this user in (check MQTT_USERNAME, MQTT_PASSWORD and its access rules)";
    case 3:
    case 0x88:
      return "the broker is not available at the moment";
    case 0x89:
      return "the broker is busy";
    case 0x8a:
      return "the broker has banned this client (look at its list of banned clients, and at MQTT_CLIENT_ID)";
    case 0x97:
      return "the broker has no room for another session (raise its limit of connections, or stop other clients)";
    case 0x9a:
      return "the broker retains no messages, so it refused the last will";
    case 0x9b:
      return "the broker does not support the QoS of the last will";
    case 0x9c:
    case 0x9d:
      return useAnother(code, reference);
    case 0x9f:
      return "the broker takes no more connections at the moment (its connection rate is exceeded)";
    default:
      return `the broker refused the connection (reason code ${hex(code)})`;
  }
}

/** Reason codes of MQTT 5, 3.14.2.1. */
function explainDisconnect(code: number, reference: string | undefined): string {
  switch (code) {
    case 0x87:
      return "the broker ended the connection: this user may not do what it did last (check its access rules for the topics)";
    case 0x8b:
      return "the broker is shutting down";
    case 0x8d:
      return "the broker heard nothing within the keepalive (is the network too slow? lower MQTT_KEEPALIVE_SECONDS)";
    case 0x8e:
      return "another client has taken over this client id (set an MQTT_CLIENT_ID for each that no other has)";
    case 0x90:
      return "the broker ended the connection: it does not accept the topic of a message";
    case 0x93:
      return "the broker ended the connection: too many messages in flight (lower MQTT_MAX_INFLIGHT)";
    case 0x95:
      return "the broker ended the connection: a message is too large for it";
    case 0x96:
      return "the broker ended the connection: too many messages in a short time";
    case 0x97:
      return "the broker ended the connection: a quota is exceeded";
    case 0x98:
      return "an administrator ended the connection at the broker";
    case 0x9c:
    case 0x9d:
      return useAnother(code, reference);
    default:
      return `the broker ended the connection (reason code ${hex(code)})`;
  }
}

function useAnother(code: number, reference: string | undefined): string {
  const where = reference === undefined ? "another server" : `the server ${reference}`;
  return `the broker asks to use ${where} ${code === 0x9d ? "from now on" : "for a while"} (change MQTT_URL)`;
}

function explainError({ message }: Error, code: unknown): string {
  const name = typeof code === "string" ? code : "";
  if (certificateAlert.test(name)) {
    return "the broker wants another client certificate, or one at all (check MQTT_TLS_CERT_FILE and MQTT_TLS_KEY_FILE)";
  }
  if (weakSignature.test(name)) {
    return "a certificate has a key or a signature too weak for OpenSSL 3 (renew it with RSA 2048 or better, and SHA-256)";
  }
  switch (name) {
    case "ECONNREFUSED":
      return "nobody listens at that address (is the broker running? is MQTT_URL right?)";
    case "ENOTFOUND":
      return "the broker's host name is not known (is MQTT_URL right?)";
    case "EAI_AGAIN":
      return "the broker's host name cannot be looked up (is the name server there?)";
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
      return "the broker's host does not answer (is a firewall in between?)";
    case "ECONNRESET":
      return "the connection was reset (if that repeats: is that port one for mqtts:// or for mqtt://?)";
    case "ERR_SSL_WRONG_VERSION_NUMBER":
      return "nobody speaks TLS at that port (is MQTT_URL right?)";
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "CERT_SIGNATURE_FAILURE":
      return "the broker's certificate is not trusted (set MQTT_TLS_CA_FILE to its authority's certificate)";
    case "CERT_HAS_EXPIRED":
      return "the broker's certificate has expired";
    case "INVALID_PURPOSE":
      return "the broker's certificate is not made for servers (renew it with the extended key usage serverAuth)";
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return "the broker's certificate is for another host name than MQTT_URL has";
  }
  // The texts of `ws` (RFC 6455, 4.2.2); an error of several addresses tried at once has a code and no message.
  if (/server response: 40[13]/.test(message)) {
    return `the web server in front of the broker refused the login (check MQTT_USERNAME and MQTT_PASSWORD): ${message}`;
  }
  if (/server response: 404/.test(message))
    return "no WebSocket at that path (check the path in MQTT_URL, often /mqtt)";
  if (/server response/.test(message)) return `a web server answers there, but no MQTT broker: ${message}`;
  if (/subprotocol/.test(message)) return "the WebSocket there does not speak MQTT (check the path in MQTT_URL)";
  return message === "" ? name : message;
}

function hex(code: number): string {
  return `0x${code.toString(16).padStart(2, "0")}`;
}
