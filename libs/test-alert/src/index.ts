export type { Defaults } from "./arguments.js";
export { type MetricLabels, readMetric } from "./metric.js";
export { type Program, sendTestAlert } from "./send-test-alert.js";
export { type TaskDatagramFields, taskDatagram } from "./task-datagram.js";
export type { TestAlert } from "./test-alert.js";
export type { AlertWatch } from "./walk.js";
