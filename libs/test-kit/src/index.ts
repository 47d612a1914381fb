export {
  type MetricLabels,
  readMetric,
  type TaskDatagramFields,
  taskDatagram,
} from "@sense-alerts/test-alert";
export { type Certificates, type CertificatesOptions, makeCertificates } from "./certificates.js";
export { type Child, type ChildExit, type ChildOptions, startChild } from "./child.js";
export { atProcessEnd, cleanUpAfter, type Scope } from "./clean-up.js";
export { type EventuallyOptions, eventually } from "./eventually.js";
export { findProgram } from "./find-program.js";
export { freeTcpPort, freeUdpPort } from "./free-port.js";
export {
  type ClusterInfo,
  type ConsumerInfo,
  type JetStreamApi,
  jetStreamApi,
  type StreamInfo,
} from "./jetstream-api.js";
export { type Mosquitto, type MosquittoOptions, startMosquitto } from "./mosquitto.js";
export { type MqttProxy, startMqttProxy } from "./mqtt-proxy.js";
export { type NatsCluster, type NatsClusterOptions, type NatsPeer, startNatsCluster } from "./nats-cluster.js";
export { type NatsMessage, readNats } from "./nats-protocol.js";
export {
  type Jsz,
  type JszConsumer,
  type JszStream,
  type NatsServer,
  type NatsServerOptions,
  natsServerIsAtLeast,
  startNats,
} from "./nats-server.js";
export { type Prometheus, type PrometheusSeries, startPrometheus } from "./prometheus.js";
export { type PublishOptions, type PublishProperties, publishMqtt } from "./publish-mqtt.js";
export { type NatsPublication, publishNats } from "./publish-nats.js";
export type { Entity as QrsEntity, QrsApp, QrsExecution, QrsTask } from "./qrs/entities.js";
export { startQrs } from "./qrs/qrs.js";
export type { Qrs, QrsBehaviour, QrsOptions, QrsRequest } from "./qrs/qrs-stand-in.js";
export type { QrsStart } from "./qrs/store.js";
export { runToExit } from "./run-to-exit.js";
export { runBeside, runTool, type ToolName, type ToolRun } from "./run-tool.js";
export {
  type BrokerBehaviour,
  type ConnectAnswer,
  firstOf,
  type Link,
  malformPubacks,
  type PublishAnswer,
  refuseLargerThan,
  refuseMqtt5,
  refuseRetained,
  refuseTopics,
  refuseWill,
} from "./scripted-broker/behaviour.js";
export { awsIotCore, azureEventGrid, emqxDenyDisconnect, verneMq } from "./scripted-broker/presets.js";
export { mostConnectsPerMinute, type ReceivedPublish, repeatsOnOneConnection } from "./scripted-broker/received.js";
export { type ScriptedBroker, startScriptedBroker } from "./scripted-broker/scripted-broker.js";
export { type PacedSendOptions, type SendOptions, sendDatagram, sendDatagrams } from "./send-datagrams.js";
export type { Server } from "./server.js";
export { type LogLine, type Service, type ServiceOptions, startService } from "./service.js";
export type { Environment, ServiceName } from "./service-command.js";
export { type MqttSubscription, type ReceivedMessage, type SubscribeOptions, subscribeMqtt } from "./subscribe-mqtt.js";
export { syncAlways } from "./sync-always.js";
export { startTcpLink, type TcpLink } from "./tcp-link.js";
export { tempDir, uniqueName } from "./temp-dir.js";
