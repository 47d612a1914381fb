import { once } from "node:events";
import { createHealth, type Health } from "../health.js";
import { startHttp } from "../http/start-http.js";
import { createStatusPage, type StatusPage } from "../http/status-page/create-status-page.js";
import { observeLinks } from "../link-metrics.js";
import { createLogger, type Logger } from "../logger.js";
import { createMetrics, type Metrics } from "../metrics.js";
import { type CommonSettings, statusDetailOf } from "../settings/common-settings.js";
import type { Environment } from "../settings/given-text.js";
import type { SettingsSpec } from "../settings/setting.js";
import { answerArguments } from "./answer-arguments.js";
import { readBuild } from "./build.js";
import { captureConsole } from "./capture-console.js";
import { exitOnCrash, exitOnWrongSettings, onStopSignals } from "./process-events.js";
import { type Closer, createStopSequence } from "./stop-sequence.js";

/** What a service is started with. */
export interface ServiceContext<S extends CommonSettings> {
  readonly settings: S;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly health: Health;
  /** Where the service shows itself; undefined when nobody is to see anything. */
  readonly statusPage: Pick<StatusPage, "detail" | "show"> | undefined;
  /** Aborts at the first SIGTERM or SIGINT, also while the service is still starting. */
  readonly signal: AbortSignal;
  /** Registers what ends a part, right after the part was opened; they run in reverse order. */
  onStop(name: string, close: Closer): void;
}

export interface ServiceOptions<S extends CommonSettings> {
  readonly name: string;
  /** `process.argv.slice(2)` and `process.env`; main.ts alone reads them. */
  readonly args: readonly string[];
  readonly env: Environment;
  /** Every setting that `readSettings` reads. */
  readonly spec: SettingsSpec;
  /** Throws a SettingsError that lists everything that is wrong. */
  readonly readSettings: (env: Environment) => S;
  /** Opens the parts in order, and resolves when the service does its work. May reject once `signal` has aborted. */
  readonly start: (context: ServiceContext<S>) => Promise<void>;
}

/**
 * Runs a service from its settings to the end of its process, and exits it: with 0 after a clean stop on SIGTERM or
 * SIGINT; with 78 when settings are wrong, before anything is opened; with 1 when the start or a closer fails, on an
 * exception that nothing caught, at a second signal, and when SHUTDOWN_TIMEOUT_SECONDS are over. HTTP is first up and
 * last down. With an argument it tells of its settings instead, and opens nothing.
 */
export async function runService<S extends CommonSettings>(options: ServiceOptions<S>): Promise<void> {
  if (options.args.length > 0) return answerArguments(options);
  const { name, env, start } = options;
  const startedAt = performance.now();
  const settings = exitOnWrongSettings(name, () => options.readSettings(env));
  const { LOG_LEVEL: level, LOG_PRETTY: pretty, INSTANCE_ID: instance, HTTP_HOST: host, HTTP_PORT: port } = settings;
  const logger = createLogger({ name, level, pretty, instance });
  exitOnCrash(logger);
  captureConsole(logger);
  const build = readBuild(env);
  const metrics = createMetrics(name, build);
  const health = createHealth();
  observeLinks(metrics, name, health);
  const detail = statusDetailOf(settings);
  const statusPage = detail === "off" ? undefined : createStatusPage({ detail, name, instance, health, logger });
  const stop = new AbortController();
  const sequence = createStopSequence({
    logger,
    timeoutMs: settings.SHUTDOWN_TIMEOUT_SECONDS * 1000,
    onTimeout: () => process.exit(1),
  });
  let stoppingAt = startedAt;
  const beginStop = (reason: string) => {
    stoppingAt = performance.now();
    health.markStopping();
    sequence.begin();
    logger.info({ reason, timeoutSeconds: settings.SHUTDOWN_TIMEOUT_SECONDS }, "service stopping");
    stop.abort(new Error(`the service is stopping: ${reason}`));
  };
  onStopSignals(logger, (signal) => {
    if (!stop.signal.aborted) beginStop(signal);
  });

  let startFailed = false;
  try {
    logger.info({ ...build, node: process.version }, "service starting");
    const http = await startHttp({ host, port, health, metrics, logger, statusPage });
    sequence.add("http", () => http.close());
    const parts = { settings, logger, metrics, health, statusPage };
    if (!stop.signal.aborted) await start({ ...parts, signal: stop.signal, onStop: sequence.add });
    if (!stop.signal.aborted) {
      health.markStarted();
      logger.info({ startMs: Math.round(performance.now() - startedAt) }, "service started");
      await once(stop.signal, "abort");
    }
  } catch (err) {
    if (stop.signal.aborted) {
      logger.info({ err }, "start given up");
    } else {
      startFailed = true;
      logger.fatal({ err }, "service failed to start");
      beginStop("start failed");
    }
  }

  const { parts, failed } = await sequence.run();
  const stopMs = Math.round(performance.now() - stoppingAt);
  const uptimeSeconds = Math.round((performance.now() - startedAt) / 1000);
  logger.info({ parts, failed, stopMs, uptimeSeconds }, "service stopped");
  process.exit(startFailed || failed > 0 ? 1 : 0);
}
