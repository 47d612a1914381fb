import { isIP } from "node:net";
import { isHostName } from "@sense-alerts/service-kit";
import { type ButlerFile, isSection } from "./butler-file.js";
import { defaultOf } from "./check.js";
import { asText, isOn, listAt, type Rule, textAt, type Variables, type Verdict } from "./rule.js";

/** Keys whose value is the value of one variable. */
const renamed: Readonly<Record<string, string>> = {
  "mqttConfig.taskFailureSendFull": "TASK_FAILURE_SEND_FULL",
  "mqttConfig.taskAbortedSendFull": "TASK_ABORTED_SEND_FULL",
  "mqttConfig.taskFailureTopic": "TASK_FAILURE_TOPIC",
  "mqttConfig.taskFailureFullTopic": "TASK_FAILURE_FULL_TOPIC",
  "mqttConfig.taskFailureServerStatusTopic": "TASK_FAILURE_SERVER_STATUS_TOPIC",
  "mqttConfig.taskAbortedTopic": "TASK_ABORTED_TOPIC",
  "mqttConfig.taskAbortedFullTopic": "TASK_ABORTED_FULL_TOPIC",
  "udpServerConfig.maxMessageSize": "UDP_MAX_DATAGRAM_BYTES",
};

/** The log levels that have another name here. */
const logLevels: Readonly<Record<string, string>> = { silly: "trace", verbose: "debug" };

/** In the order in which their variables are tried: a later one gives way to an earlier one that it clashes with. */
export const rules: readonly Rule[] = [
  ...Object.entries(renamed).map(([key, variable]) => rename(key, variable)),
  { keys: ["logLevel"], judge: judgeLogLevel },
  { keys: ["udpServerConfig.enable"], judge: (file) => judgeSwitch(file, "udpServerConfig.enable", "udp-ingest") },
  { keys: ["udpServerConfig.serverHost"], judge: judgeServerHost },
  { keys: ["udpServerConfig.portTaskFailure"], judge: judgePort },
  { keys: ["udpServerConfig.enableSourceValidation", "udpServerConfig.allowedSources"], judge: judgeSources },
  { keys: ["udpServerConfig.rateLimit"], judge: judgeRateLimit },
  { keys: ["udpServerConfig.deduplication"], judge: judgeDeduplication },
  { keys: ["mqttConfig.enable"], judge: (file) => judgeSwitch(file, "mqttConfig.enable", "mqtt-alerter") },
  { keys: ["mqttConfig.brokerHost", "mqttConfig.brokerPort"], judge: judgeBroker },
  { keys: ["mqttConfig.azureEventGrid"], judge: judgeEventGrid },
  { keys: ["mqttConfig.subscriptionRootTopic", "mqttConfig.taskStartTopic"], judge: judgeStartTopic },
  { keys: ["startTaskFilter.enable"], judge: judgeStartFilter },
  allowList("taskId", "TASK_START_ALLOWED_IDS", asText),
  allowList("tag", "TASK_START_ALLOWED_TAGS", asText),
  allowList("customProperty", "TASK_START_ALLOWED_CUSTOM_PROPERTIES", asNameAndValue),
  {
    keys: [
      ...["configQRS.host", "configQRS.port", "cert.clientCert", "cert.clientCertKey", "cert.clientCertCA"],
      ...["configQRS.cert", "configQRS.key", "configQRS.ca"],
      ...["configQRS.headers", "configQRS.headerKey", "configQRS.headerValue"],
    ],
    judge: judgeRepository,
  },
  { keys: ["configQRS.rejectUnauthorized"], judge: judgeTrust },
];

function rename(key: string, variable: string): Rule {
  return {
    keys: [key],
    judge: (file) => {
      const value = file.get(key)?.value;
      if (value === null || value === "") {
        return decide(`It is empty: ${variable} then has its default, ${defaultOf(variable)}.`);
      }
      return set({ [variable]: textAt(file, key) });
    },
  };
}

function judgeLogLevel(file: ButlerFile): Verdict {
  const level = textAt(file, "logLevel") ?? "";
  return set({ LOG_LEVEL: logLevels[level] ?? level });
}

function judgeSwitch(file: ButlerFile, key: string, service: string): Verdict {
  return isOn(file, key)
    ? none(`There is no such switch: ${service} is on when it is started.`)
    : decide(`Butler does not do this. ${service} does when it is started: start it only if that is wanted.`);
}

function judgeServerHost(file: ButlerFile): Verdict {
  const host = textAt(file, "udpServerConfig.serverHost");
  const everywhere = host === "0.0.0.0" || host === "::";
  return set(
    { UDP_HOST: host },
    everywhere
      ? undefined
      : "It is an address of Butler's machine. On another one take the line out of the .env: udp-ingest then receives on every address. In containers it is not used.",
  );
}

/** In a container the port is fixed, and Compose publishes it under another number. */
function judgePort(file: ButlerFile): Verdict {
  const port = textAt(file, "udpServerConfig.portTaskFailure");
  return set({ UDP_PORT: port, UDP_PUBLISH: port });
}

function judgeSources(file: ButlerFile): Verdict {
  if (!isOn(file, "udpServerConfig.enableSourceValidation")) {
    return none("Butler takes datagrams from everyone, and so does udp-ingest. UDP_ALLOWED_SOURCES narrows it.");
  }
  const sources = texts(file, "udpServerConfig.allowedSources", asText);
  return sources === ""
    ? decide("The check is on with no source in the list. udp-ingest takes datagrams from everyone until you set it.", {
        UDP_ALLOWED_SOURCES: "10.0.0.5",
      })
    : set({ UDP_ALLOWED_SOURCES: sources });
}

function judgeRateLimit(file: ButlerFile): Verdict {
  if (!isOn(file, "udpServerConfig.rateLimit.enable"))
    return none("It is off. UDP_SOURCE_RATE_PER_SECOND is its like.");
  const perMinute = Number(textAt(file, "udpServerConfig.rateLimit.maxMessagesPerMinute") ?? "600");
  return decide(
    "Butler drops what is over it, from all servers together. udp-ingest needs no limit to keep up; it can have one for each source.",
    Number.isFinite(perMinute) ? { UDP_SOURCE_RATE_PER_SECOND: String(Math.ceil(perMinute / 60)) } : {},
  );
}

function judgeDeduplication(file: ButlerFile): Verdict {
  const minutes = textAt(file, "udpServerConfig.deduplication.ttlMinutes");
  if (!isOn(file, "udpServerConfig.deduplication.enable") || minutes === undefined) {
    return none("The same occurrence is always one alert, however often it is sent (NATS_DEDUP_WINDOW_SECONDS).");
  }
  return set({ NATS_DEDUP_WINDOW_SECONDS: String(Number(minutes) * 60) });
}

function judgeBroker(file: ButlerFile): Verdict {
  const host = textAt(file, "mqttConfig.brokerHost");
  if (host === undefined) return decide("mqttConfig.brokerHost is missing: set MQTT_URL to the broker.");
  // Anything else could hold a login, and would be shown.
  if (isIP(host) === 0 && !isHostName(host)) {
    return decide("mqttConfig.brokerHost is no host name and no IP address: set MQTT_URL to the broker.", {
      MQTT_URL: "mqtt://broker.example.com:1883",
    });
  }
  const scheme = isOn(file, "mqttConfig.azureEventGrid.enable") ? "mqtts" : "mqtt";
  const port = textAt(file, "mqttConfig.brokerPort") ?? "1883";
  const isOwn = /^(localhost|127\..*|::1)$/i.test(host);
  return set(
    { MQTT_URL: `${scheme}://${isIP(host) === 6 ? `[${host}]` : host}:${port}` },
    isOwn
      ? "That is Butler's own machine. On another one, or in a container, write the broker's name or address."
      : undefined,
  );
}

function judgeEventGrid(file: ButlerFile): Verdict {
  const below = "mqttConfig.azureEventGrid";
  if (!isOn(file, `${below}.enable`)) return none("It is off.");
  return set(
    {
      MQTT_USERNAME: textAt(file, `${below}.clientId`),
      MQTT_TLS_CERT_FILE: textAt(file, `${below}.clientCertFile`),
      MQTT_TLS_KEY_FILE: textAt(file, `${below}.clientKeyFile`),
    },
    "Butler uses its user name as the client id too, and no two clients may have the same: see whether Event Grid lets the client have another session.",
  );
}

function judgeStartTopic(file: ButlerFile): Verdict {
  return set(
    {
      SUBSCRIPTION_ROOT_TOPIC: textAt(file, "mqttConfig.subscriptionRootTopic"),
      TASK_START_TOPIC: textAt(file, "mqttConfig.taskStartTopic"),
    },
    "With Butler whoever may publish on the start topic starts any task. Here nothing starts until TASK_START_ENABLE is true, QRS_URL is set and TASK_START_ALLOWED_IDS, _TAGS or _CUSTOM_PROPERTIES say what may.",
    { TASK_START_ENABLE: "true" },
  );
}

function judgeStartFilter(file: ButlerFile): Verdict {
  return isOn(file, "startTaskFilter.enable")
    ? none("There is no such switch: a list that is set counts. Butler heeds it in its REST API alone.")
    : none("It is off, so Butler starts any task. mqtt-alerter starts only what its lists name.");
}

function allowList(name: string, variable: string, asEntry: (value: unknown, name: string) => string): Rule {
  const key = `startTaskFilter.allowTask.${name}`;
  return {
    keys: [key],
    judge: (file) => {
      if (!isOn(file, "startTaskFilter.enable")) return none(`Butler does not use it. ${variable} is its like.`);
      const list = texts(file, key, asEntry);
      return list === "" ? none(`It is empty. ${variable} is its like.`) : set({ [variable]: list });
    },
  };
}

function judgeRepository(file: ButlerFile): Verdict {
  const host = textAt(file, "configQRS.host");
  if (host === undefined) return decide("configQRS.host is missing: set QRS_URL if QRS is to be asked.");
  if (isIP(host) === 0 && !isHostName(host)) return decide("configQRS.host is no host name and no IP address.");
  const port = textAt(file, "configQRS.port") ?? "4242";
  return set({
    QRS_URL: `https://${isIP(host) === 6 ? `[${host}]` : host}:${port}`,
    QRS_CERT_FILE: textAt(file, "cert.clientCert") ?? textAt(file, "configQRS.cert"),
    QRS_KEY_FILE: textAt(file, "cert.clientCertKey") ?? textAt(file, "configQRS.key"),
    QRS_CA_FILE: textAt(file, "cert.clientCertCA") ?? textAt(file, "configQRS.ca"),
    QRS_USER: repositoryUser(file),
  });
}

/** The value of the header X-Qlik-User: in a list, as a key of its own, or in two keys in old files. */
function repositoryUser(file: ButlerFile): string | undefined {
  const isUser = (name: unknown) => /^x-qlik-user$/i.test(String(name));
  const listed = file.has("configQRS.headers.static") ? listAt(file, "configQRS.headers.static") : [];
  const header = listed.filter(isSection).find(({ name }) => isUser(name));
  if (header !== undefined) return asText(header["value"], "The header X-Qlik-User");
  if (isUser(file.get("configQRS.headerKey")?.value)) return textAt(file, "configQRS.headerValue");
  return textAt(file, "configQRS.headers.X-Qlik-User");
}

function judgeTrust(file: ButlerFile): Verdict {
  return isOn(file, "configQRS.rejectUnauthorized")
    ? none("There is no need for it: the certificate of QRS is always checked, by QRS_CA_FILE.")
    : decide(
        "Butler takes any certificate of QRS. Here it is checked, by QRS_CA_FILE; npm run qrs-check says whether it is right. QRS_TLS_INSECURE turns the check off, for tests only.",
      );
}

function asNameAndValue(entry: unknown, key: string): string {
  if (!isSection(entry)) throw new TypeError(`${key} must be a list of name and value`);
  const name = asText(entry["name"], `A name in ${key}`);
  if (name.includes("=")) throw new TypeError(`${key} has a = in a name, where the value would begin`);
  return `${name}=${asText(entry["value"], `A value in ${key}`)}`;
}

/** The entries with commas between them, as the settings take a list. */
function texts(file: ButlerFile, key: string, asEntry: (value: unknown, name: string) => string): string {
  const entries = listAt(file, key).map((entry) => asEntry(entry, `An entry of ${key}`));
  if (entries.some((entry) => entry.includes(","))) {
    throw new TypeError(`${key} has an entry with a comma, which ends an entry here`);
  }
  return entries.join(",");
}

function set(variables: Readonly<Record<string, string | undefined>>, doubt?: string, suggested?: Variables): Verdict {
  const given = Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return {
    outcome: "set",
    variables: Object.fromEntries(given),
    ...(doubt === undefined ? {} : { doubt }),
    ...(suggested === undefined ? {} : { suggested }),
  };
}

function decide(why: string, suggested: Variables = {}): Verdict {
  return { outcome: "decide", why, suggested };
}

function none(why: string): Verdict {
  return { outcome: "none", why };
}
