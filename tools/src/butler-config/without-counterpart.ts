const subscribe =
  "what reads the alerts from the broker can (Node-RED, Home Assistant, a script), and so can Butler itself";
const notRest = "There is no REST API.";
const sessions = "Session events are those of Butler SOS, not of Butler, since 7.0.";
const licenses = "Licences are not watched: Butler can go on doing it.";
const windowsServices = "Windows services are not watched: Butler, or the monitoring of your servers, can.";
const noFiles = `${notRest} Nothing here copies, moves or deletes files.`;
const noCloud = "Only client-managed Qlik Sense is read, not Qlik Cloud.";

/** What Butler has and the services have not, and what to use instead. A key stands for all that is below it. */
export const withoutCounterpart: Readonly<Record<string, string>> = {
  fileLogging: "Both services log to stdout; Docker, Kubernetes or systemd keeps it.",
  logDirectory: "Both services log to stdout; Docker, Kubernetes or systemd keeps it.",
  anonTelemetry: "Nothing is sent to anybody.",
  systemInfo: "No information on the machine is collected.",
  configVisualisation: "The page at / shows links, counters and versions, and no settings.",
  heartbeat: "Nothing is called. Let the monitoring ask /livez and /readyz, or watch MQTT_STATUS_TOPIC.",
  dockerHealthCheck: "The images check their own health, always.",
  uptimeMonitor: "/metrics tells uptime and memory, for Prometheus.",
  thirdPartyToolsCredentials: "Nothing is sent to New Relic, and no credential is copied.",
  influxDb: "Nothing is written to InfluxDB. Telegraf brings it /metrics, and the alerts from the broker.",
  scriptLog: "Script logs are not kept on disk. QRS_SCRIPT_LOG_LINES puts their last lines into the full messages.",
  qlikSenseUrls: "Messages hold no links: taskId and appId make them.",
  genericUrls: "Messages hold no links.",
  qlikSenseVersion: "The version of Sense is not watched: Butler can go on doing it.",
  qlikSenseLicense: licenses,
  teamsNotification: `Nothing is sent to Teams: ${subscribe}.`,
  slackNotification: `Nothing is sent to Slack: ${subscribe}.`,
  slackConfig: `Nothing is sent to Slack: ${subscribe}.`,
  emailNotification: `No mail is sent: ${subscribe}.`,
  incidentTool: `Nothing is sent to Signl4 or New Relic: ${subscribe}.`,
  webhookNotification: `No webhook is called: ${subscribe}.`,
  scheduler: "Tasks are not scheduled here: the QMC does that, or Butler.",
  keyValueStore: "There is no key-value store. NATS, which runs anyway, has one.",
  restServerConfig: `${notRest} Publish on the broker instead of mqttpublishmessage, and on TASK_START_TOPIC to start tasks.`,
  restServerApiDocGenerate: notRest,
  restServerEndpointsEnable: notRest,
  restServerEndpointsConfig: notRest,
  fileCopyApprovedDirectories: noFiles,
  fileMoveApprovedDirectories: noFiles,
  fileDeleteApprovedDirectories: noFiles,
  configDirectories: noFiles,
  qvdPath: noFiles,
  gitHub: "Nothing is fetched from GitHub.",
  serviceMonitor: windowsServices,
  qlikSenseCloud: noCloud,
  configEngine: "The engine of Sense is not asked.",
  "configQRS.authentication": "QRS is always asked with a certificate.",
  "configQRS.useSSL": "QRS is always asked over TLS.",
  "udpServerConfig.messageQueue":
    "There is no queue that drops: events go to NATS, and BUFFER_MAX_EVENTS and SPOOL_DIR bound what waits for it.",
  "udpServerConfig.queueMetrics": "/metrics counts every datagram and what became of it, for Prometheus.",
  "udpServerConfig.portSessionConnectionEvents": sessions,
  "mqttConfig.sessionStartTopic": sessions,
  "mqttConfig.sessionStopTopic": sessions,
  "mqttConfig.connectionOpenTopic": sessions,
  "mqttConfig.connectionCloseTopic": sessions,
  "mqttConfig.sessionServerStatusTopic": sessions,
  "mqttConfig.activeUserCountTopic": sessions,
  "mqttConfig.activeUsersTopic": sessions,
  "mqttConfig.serviceRunningTopic": windowsServices,
  "mqttConfig.serviceStoppedTopic": windowsServices,
  "mqttConfig.serviceStatusTopic": windowsServices,
  "mqttConfig.qlikSenseServerLicenseTopic": licenses,
  "mqttConfig.qlikSenseServerLicenseExpireTopic": licenses,
  "mqttConfig.qlikSenseCloud": noCloud,
};
