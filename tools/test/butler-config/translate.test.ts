import assert from "node:assert/strict";
import { test } from "node:test";
import { makeCertificates } from "@sense-alerts/test-kit";
import fc from "fast-check";
import { parse } from "yaml";
import { isSection } from "../../src/butler-config/butler-file.js";
import { assertEachKeyIsToldOnce, butler, entryOf, outcomesOf, template, translated } from "./translated.js";

test("carries a configuration of Butler 16 over to both services", () => {
  const { env, ingest, alerter } = translated(template(16));
  assert.deepEqual(
    { ...env },
    {
      LOG_LEVEL: "debug",
      MQTT_URL: "mqtt://broker.example.com:1884",
      TASK_FAILURE_SEND_FULL: "true",
      TASK_ABORTED_SEND_FULL: "false",
      SUBSCRIPTION_ROOT_TOPIC: "acme/sense/#",
      TASK_START_TOPIC: "acme/sense/start",
      TASK_FAILURE_TOPIC: "acme/sense/failed",
      TASK_FAILURE_FULL_TOPIC: "acme/sense/failed full",
      TASK_FAILURE_SERVER_STATUS_TOPIC: "acme/sense/server",
      TASK_ABORTED_TOPIC: "acme/sense/aborted",
      TASK_ABORTED_FULL_TOPIC: "acme/sense/aborted_full",
      UDP_HOST: "0.0.0.0",
      UDP_PORT: "9997",
      UDP_PUBLISH: "9997",
      UDP_MAX_DATAGRAM_BYTES: "65507",
      UDP_ALLOWED_SOURCES: "10.0.0.5,sense2.example.com",
      NATS_DEDUP_WINDOW_SECONDS: "900",
      TASK_START_ALLOWED_IDS: "e3b27f50-b1c0-4879-88fc-c7cdd9c1cf3e,7552d9fc-d1bb-4975-9a38-18357de531ea",
      TASK_START_ALLOWED_TAGS: "startTask1,start task 2",
      TASK_START_ALLOWED_CUSTOM_PROPERTIES: "taskGroup=tasks1",
    },
  );
  assert.equal(ingest.UDP_PORT, 9997);
  assert.equal(alerter.TASK_ABORTED_SEND_FULL, false);
});

test("leaves to decide what Butler leaves open", () => {
  const { entries, alerter } = translated(template(16));
  assert.deepEqual(outcomesOf(entries, "decide"), [
    ...["mqttConfig.subscriptionRootTopic", "mqttConfig.taskStartTopic"],
    ...["cert.clientCert", "cert.clientCertKey", "cert.clientCertCA"],
    ...["configQRS.host", "configQRS.port", "configQRS.headers", "configQRS.rejectUnauthorized"],
  ]);
  assert.match(entryOf(entries, "mqttConfig.taskStartTopic").why, /whoever may publish .* starts any task/);
  assert.match(entryOf(entries, "cert.clientCert").why, /the file CERT does not exist/);
  assert.equal(alerter.TASK_START_ENABLE, false);
});

test("names each section without a counterpart, and whether it is in use", () => {
  const { entries } = translated(template(16));
  const sections = ["slackNotification", "teamsNotification", "emailNotification", "influxDb", "keyValueStore"];
  for (const path of [...sections, "restServerConfig", "heartbeat", "scheduler", "mqttConfig.qlikSenseCloud"]) {
    const { outcome, why } = entryOf(entries, path);
    assert.equal(outcome, "no-counterpart", path);
    assert.match(why, /^[A-Z].*\.$/, path);
    assert.equal(why.startsWith("In use in Butler. "), ["slackNotification", "influxDb"].includes(path), path);
  }
});

test("knows every key of the configurations of Butler 5 and 16", () => {
  for (const version of [5, 16]) {
    const { entries } = translated(template(version));
    for (const { keys, why } of entries) assert.doesNotMatch(why, /no key of Butler/, keys[0]?.path);
  }
});

test("reads the old layout of Butler 5", () => {
  const { entries, env } = translated(template(5));
  assert.equal(env["MQTT_URL"], "mqtt://10.1.2.3:1883");
  assert.equal(entryOf(entries, "mqttConfig.activeUsersTopic").outcome, "no-counterpart");
  assert.equal(entryOf(entries, "udpServerConfig.portSessionConnectionEvents").outcome, "no-counterpart");
  const { suggested } = entryOf(entries, "configQRS.headerValue");
  assert.equal(suggested["QRS_USER"], "UserDirectory=Internal; UserId=sa_repository");
});

test("writes Butler's own address, and leaves to decide whether it stays", () => {
  const { entries, ingest } = translated(template(5));
  assert.equal(ingest.UDP_HOST, "10.11.12.13");
  assert.equal(entryOf(entries, "udpServerConfig.serverHost").outcome, "decide");
});

test("carries QRS over when its certificates are where Butler has them", (t) => {
  const { clientCertFile: cert, clientKeyFile: key, caFile: ca } = makeCertificates(t);
  const text = template(16).replace("CERT", cert).replace("KEY", key).replace("CA\n", `${ca}\n`);
  const { entries, alerter } = translated(text);
  assert.equal(alerter.QRS_URL, "https://sense1.example.com:4242");
  assert.equal(alerter.QRS_USER, "UserDirectory=Internal;UserId=sa_api");
  assert.deepEqual([alerter.QRS_CERT_FILE, alerter.QRS_KEY_FILE, alerter.QRS_CA_FILE], [cert, key, ca]);
  assert.equal(entryOf(entries, "configQRS.host").outcome, "carried-over");
});

test("goes to Azure Event Grid over TLS with Butler's certificate", (t) => {
  const { clientCertFile, clientKeyFile } = makeCertificates(t);
  const azureEventGrid = { enable: true, clientId: "butler-1", clientCertFile, clientKeyFile };
  const mqttConfig = { brokerHost: "grid.example.com", brokerPort: 8883, azureEventGrid };
  const { entries, alerter } = translated(butler({ mqttConfig }));
  assert.deepEqual(alerter.MQTT_URL, ["mqtts://grid.example.com:8883"]);
  assert.deepEqual([alerter.MQTT_USERNAME, alerter.MQTT_TLS_CERT_FILE], ["butler-1", clientCertFile]);
  assert.match(entryOf(entries, "mqttConfig.azureEventGrid").why, /client id/);
});

for (const [name, sections, path, why] of [
  ["a topic with a wildcard", { mqttConfig: { taskFailureTopic: "a/#" } }, "mqttConfig.taskFailureTopic", /no \+, #/],
  [
    "an empty topic",
    { mqttConfig: { taskFailureTopic: "" } },
    "mqttConfig.taskFailureTopic",
    /qliksense\/task_failure\./,
  ],
  ["a topic without a value", { mqttConfig: { taskAbortedTopic: null } }, "mqttConfig.taskAbortedTopic", /empty/],
  ["a topic that is blank", { mqttConfig: { taskFailureTopic: " " } }, "mqttConfig.taskFailureTopic", /is empty/],
  ["a topic in a list", { mqttConfig: { taskFailureTopic: ["a"] } }, "mqttConfig.taskFailureTopic", /is a list/],
  ["a section for a topic", { mqttConfig: { taskFailureTopic: { a: 1 } } }, "mqttConfig.taskFailureTopic", /section/],
  [
    "a topic with braces",
    { mqttConfig: { taskFailureTopic: "a/{taskName}" } },
    "mqttConfig.taskFailureTopic",
    /braces/,
  ],
  ["a topic with a line end", { mqttConfig: { taskFailureTopic: "a\nB=1" } }, "mqttConfig.taskFailureTopic", /be seen/],
  ["a quote beside a $", { mqttConfig: { taskFailureTopic: "it's/$a" } }, "mqttConfig.taskFailureTopic", /a quote/],
  [
    "a start topic outside the root",
    { mqttConfig: { subscriptionRootTopic: "qlik/#", taskStartTopic: "sense/start" } },
    "mqttConfig.taskStartTopic",
    /must lie under SUBSCRIPTION_ROOT_TOPIC/,
  ],
  [
    "a start topic that alerts are on",
    { mqttConfig: { taskFailureTopic: "qliksense/a", taskStartTopic: "qliksense/a" } },
    "mqttConfig.taskStartTopic",
    /another topic than TASK_FAILURE_TOPIC/,
  ],
  [
    "a variable nobody fills in",
    { mqttConfig: { brokerHost: `$${"{HOST}"}` } },
    "mqttConfig.brokerHost",
    /nothing fills in/,
  ],
  ["the template's text", { mqttConfig: { brokerHost: "<FQDN or IP>" } }, "mqttConfig.brokerHost", /template/],
  ["a URL for a host", { mqttConfig: { brokerHost: "mqtt://u:sesame@h" } }, "mqttConfig.brokerHost", /no host name/],
  ["a broker without a host", { mqttConfig: { brokerPort: 1883 } }, "mqttConfig.brokerPort", /brokerHost is missing/],
  ["a port that is none", { mqttConfig: { brokerHost: "h", brokerPort: 99999 } }, "mqttConfig.brokerPort", /MQTT_URL/],
  ["a broker on localhost", { mqttConfig: { brokerHost: "localhost" } }, "mqttConfig.brokerHost", /own machine/],
  ["a switch that is a text", { mqttConfig: { enable: "yes" } }, "mqttConfig.enable", /must be true or false/],
  ["a switch that is off", { udpServerConfig: { enable: false } }, "udpServerConfig.enable", /start it only if/],
  [
    "a UDP port out of range",
    { udpServerConfig: { portTaskFailure: 70000 } },
    "udpServerConfig.portTaskFailure",
    /UDP_PORT/,
  ],
  ["a text for a section", { mqttConfig: "on" }, "mqttConfig", /must be a section/],
  ["a log level unheard of", { logLevel: "loud" }, "logLevel", /LOG_LEVEL must be one of/],
  [
    "a source that is no address",
    { udpServerConfig: { enableSourceValidation: true, allowedSources: ["10.0.0.0/99"] } },
    "udpServerConfig.allowedSources",
    /UDP_ALLOWED_SOURCES must hold/,
  ],
  [
    "a check of sources without sources",
    { udpServerConfig: { enableSourceValidation: true, allowedSources: [] } },
    "udpServerConfig.allowedSources",
    /takes datagrams from everyone/,
  ],
  [
    "a limit of the rate",
    { udpServerConfig: { rateLimit: { enable: true, maxMessagesPerMinute: 601 } } },
    "udpServerConfig.rateLimit",
    /for each source/,
  ],
  [
    "a task id that is no GUID",
    { startTaskFilter: { enable: true, allowTask: { taskId: ["42"] } } },
    "startTaskFilter.allowTask.taskId",
    /must be task GUIDs/,
  ],
  [
    "a tag with a comma",
    { startTaskFilter: { enable: true, allowTask: { tag: ["a,b"] } } },
    "startTaskFilter.allowTask.tag",
    /comma/,
  ],
  [
    "a custom property without a name",
    { startTaskFilter: { enable: true, allowTask: { customProperty: ["a"] } } },
    "startTaskFilter.allowTask.customProperty",
    /name and value/,
  ],
  ["a key that Butler has not", { mqttConfig: { password: "sesame" } }, "mqttConfig.password", /no key of Butler/],
  ["a section that Butler has not", { plugins: { token: "sesame" } }, "plugins", /no key of Butler/],
] as const) {
  test(`leaves ${name} to be decided, and says why`, () => {
    const { entries, file, output } = translated(butler(sections));
    assertEachKeyIsToldOnce(file, entries);
    const entry = entryOf(entries, path);
    assert.equal(entry.outcome, "decide");
    assert.match(entry.why, why);
    assert.doesNotMatch(output, /sesame/);
  });
}

test("starts no task by a list that Butler does not use", () => {
  const { env, entries } = translated(
    template(16).replace("startTaskFilter:\n    enable: true", "startTaskFilter:\n    enable: false"),
  );
  assert.equal(env["TASK_START_ALLOWED_TAGS"], undefined);
  assert.equal(entryOf(entries, "startTaskFilter.allowTask.tag").outcome, "no-counterpart");
});

test("puts an IPv6 broker into brackets", () => {
  assert.equal(translated(butler({ mqttConfig: { brokerHost: "fd00::5" } })).env["MQTT_URL"], "mqtt://[fd00::5]:1883");
});

test("says where in Butler's file a variable comes from", () => {
  const { envFile } = translated(template(16));
  assert.match(envFile, /# mqttConfig.brokerHost, mqttConfig.brokerPort\nMQTT_URL=mqtt:/);
  assert.match(
    envFile,
    /# To decide: With Butler .*\nSUBSCRIPTION_ROOT_TOPIC='acme\/sense\/#'\n.*\n#TASK_START_ENABLE=true\n/,
  );
});

test("shows and writes no secret of Butler's file", () => {
  assert.match(template(16), /secret-/);
  assert.doesNotMatch(translated(template(16)).output, /secret-/);
});

test("tells every key once, and writes what both services take, whatever the file holds", () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom("a/#", "qliksense/start_task", "10.0.0.5", "localhost", `$${"{A}"}`, "it's"),
  );
  const value = fc.oneof(text, fc.boolean(), fc.integer(), fc.constant(null), fc.array(text, { maxLength: 2 }));
  const keys = [5, 16].flatMap((version) => leavesOf(parse(template(version)).Butler));
  const change = fc.record({
    key: fc.oneof(fc.constantFrom(...keys), fc.array(fc.string(), { minLength: 1, maxLength: 3 })),
    value,
  });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 30 }), (changes) => {
      const sections = {};
      for (const { key, value } of changes) put(sections, key, value);
      const { file, entries } = translated(butler(sections));
      assertEachKeyIsToldOnce(file, entries);
    }),
  );
});

function leavesOf(value: unknown, above: readonly string[] = []): readonly (readonly string[])[] {
  if (!isSection(value)) return [above];
  return Object.entries(value).flatMap(([name, below]) => leavesOf(below, [...above, name]));
}

/** Sets what lies at the end of a path, over whatever is in its way. */
function put(section: object, [name = "", ...below]: readonly string[], value: unknown): void {
  const entries: Record<string, unknown> = section as Record<string, unknown>;
  if (below.length === 0) {
    entries[name] = value;
    return;
  }
  const next = entries[name];
  const inside = isSection(next) ? next : {};
  entries[name] = inside;
  put(inside, below, value);
}
