// OpenSSL's names for what the broker says of our certificate; those of 3.5, which Node 24 has, differ from those before.
const certificateAlert = /^ERR_SSL_.*ALERT_(NO_|BAD_|UNSUPPORTED_)?(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/;

/** What to do about a failed connection to the broker, as far as the error tells. Codes: MQTT 5, 3.2.2.2; MQTT 3.1.1, 3.2.2.3. */
export function explainBrokerError(error: Error, protocolVersion: 4 | 5): string {
  const code: unknown = "code" in error ? error.code : undefined;
  if (typeof code === "string" && certificateAlert.test(code)) {
    return "the broker wants another client certificate, or one at all (check MQTT_TLS_CERT_FILE and MQTT_TLS_KEY_FILE)";
  }
  switch (code) {
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
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return "the broker's certificate is for another host name than MQTT_URL has";
    case 0x85:
      return "the broker refused the client id (set MQTT_CLIENT_ID)";
    case 0x86:
      return "the broker refused user name or password (check MQTT_USERNAME and MQTT_PASSWORD)";
    case 0x87:
      return "the broker does not let this user in (check MQTT_USERNAME, MQTT_PASSWORD and its access rules)";
    case 0x8b:
      return "the broker is shutting down";
    case 0x8e:
      return "another client has taken over this client id (set an MQTT_CLIENT_ID for each that no other has)";
    case 0x9a:
      return "the broker retains no messages, so it refused the last will; it is now asked to publish it unretained";
    case 0x9b:
      return "the broker knows no QoS 1, so it refused the last will; it is now asked to publish it with QoS 0";
    case 0x84:
    case 1:
      return `the broker does not speak this version of MQTT (set MQTT_PROTOCOL_VERSION=${protocolVersion === 5 ? 4 : 5})`;
    case 2:
      return "the broker refused the client id (set MQTT_CLIENT_ID)";
    case 4:
    case 5:
      return "the broker refused the login (check MQTT_USERNAME and MQTT_PASSWORD)";
    default:
      if (error.message === "connack timeout") {
        return "no answer to the attempt to connect (is a firewall in between? does the broker hang?)";
      }
      // The error of several addresses tried at once has a code and no message.
      return error.message === "" ? String(code) : error.message;
  }
}
