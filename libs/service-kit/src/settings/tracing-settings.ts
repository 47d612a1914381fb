import { oneOf, parsed, text } from "./text-settings.js";
import { url } from "./url-settings.js";

const pairsAllowed = "pairs of name=value with commas between them; , = % and blanks in a value as %2C %3D %25 %20";

/** The settings of what exports traces, under the names and in the forms that OpenTelemetry gives them. */
export const tracingSettings = {
  OTEL_EXPORTER_OTLP_ENDPOINT: url({
    protocols: ["http", "https"],
    loginBelongsIn: "OTEL_EXPORTER_OTLP_HEADERS",
    default: undefined,
    example: "http://otel-collector:4318",
    desc: "OpenTelemetry collector that traces are sent to (OTLP over HTTP), without the `/v1/traces` behind it; unset = none are made",
  }),
  OTEL_EXPORTER_OTLP_PROTOCOL: oneOf({
    choices: ["http/protobuf", "http/json"],
    default: "http/protobuf",
    desc: "How traces are written for the collector",
  }),
  OTEL_EXPORTER_OTLP_HEADERS: parsed(parsePairs, {
    allowed: pairsAllowed,
    secret: true,
    default: undefined,
    desc: "Headers of the requests to the collector, such as `authorization=Bearer%20…`",
  }),
  OTEL_SERVICE_NAME: text({
    default: undefined,
    defaultText: "name of the service",
    example: "sense-udp-ingest",
    desc: "The service's name in traces",
  }),
  OTEL_RESOURCE_ATTRIBUTES: parsed(parsePairs, {
    allowed: pairsAllowed,
    default: undefined,
    example: "deployment.environment.name=production",
    desc: "What else traces say of the service",
  }),
};

const pair = /^\s*([\w.!#$&'*+^`|~/-]+)\s*=\s*([\x21-\x7e]*)\s*$/;

/** `name=value,name2=value2`, the values percent-encoded as in W3C baggage. */
function parsePairs(given: string): Readonly<Record<string, string>> | undefined {
  const pairs: Record<string, string> = {};
  for (const text of given.split(",")) {
    const [, name, value] = pair.exec(text) ?? [];
    const decoded = decode(value);
    if (name === undefined || decoded === undefined) return undefined;
    pairs[name] = decoded;
  }
  return pairs;
}

function decode(value: string | undefined): string | undefined {
  try {
    return value && decodeURIComponent(value);
  } catch {
    return undefined; // a % that begins nothing
  }
}
