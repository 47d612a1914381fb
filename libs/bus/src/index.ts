export { type Bus, startBus } from "./bus.js";
export { BusError, type BusErrorCode } from "./bus-error.js";
export { hostAndPort } from "./connect-options.js";
export type { LinkState } from "./connection.js";
export type { ConsumerOptions, Consumption, Delivery, Outcome } from "./consumption.js";
export { type BusLogger, type BusOptions, busOptionsOf } from "./options.js";
export type { PublishAck } from "./publish-ack.js";
export type { BusMessage } from "./publisher.js";
export { rejectedStreamName } from "./streams.js";
