export {
  createHealth,
  type Health,
  type HealthReport,
  type LinkOptions,
  type LinkReport,
  type LinkState,
} from "./health.js";
export { checkHealth } from "./http/check-health.js";
export { HttpListenError, type HttpListenFailure } from "./http/http-listen-error.js";
export { type HttpLimits, type HttpOptions, type HttpServer, startHttp } from "./http/start-http.js";
export type { Cell, StatusSection, StatusSnapshot, Tone, Trouble } from "./http/status-page/snapshot.js";
export { runService, type ServiceContext, type ServiceOptions } from "./lifecycle/run-service.js";
export type { Closer } from "./lifecycle/stop-sequence.js";
export { createLogger, type Logger, type LoggerOptions } from "./logger.js";
export {
  type Build,
  type Count,
  type Counter,
  createMetrics,
  type Gauge,
  type GaugeOptions,
  type HistogramOptions,
  type MetricName,
  type MetricOptions,
  type Metrics,
  type Observe,
} from "./metrics.js";
export { createRecent, type Recent } from "./recent.js";
export { type CommonSettings, commonSettings } from "./settings/common-settings.js";
export { describeSettings, type SettingDescription } from "./settings/describe-settings.js";
export { readableFile } from "./settings/file-settings.js";
export type { Environment } from "./settings/given-text.js";
export { isHostName, listenHost, ownHost } from "./settings/host-settings.js";
export { loadSettings } from "./settings/load-settings.js";
export { checkNatsSettings, type NatsSettings, natsSettings } from "./settings/nats-settings.js";
export { bytes, type NumberRange, wholeNumber } from "./settings/number-settings.js";
export type { Discretion, Setting, SettingOptions, SettingsOf, SettingsSpec } from "./settings/setting.js";
export { checkEach, type SettingsCheck } from "./settings/settings-check.js";
export { type SettingProblem, SettingsError } from "./settings/settings-error.js";
export { oneOf, parsed, secretText, text, textList, toggle } from "./settings/text-settings.js";
export { type TlsFileNames, tlsFilesCheck } from "./settings/tls-files-check.js";
export { type UrlRules, url, urlList, withoutLogin } from "./settings/url-settings.js";
