import { createLogger, type Logger } from "@sense-alerts/service-kit";

export type CapturedLog = {
  readonly logger: Logger;
  /** Level, message and fields of each line. */
  lines(): { readonly level: string; readonly msg: string; readonly [field: string]: unknown }[];
};

export function captureLog(level: "debug" | "info" = "debug"): CapturedLog {
  const written: string[] = [];
  const destination = { write: (line: string) => void written.push(line) };
  const logger = createLogger({ name: "udp-ingest", instance: "ingest-1", level, pretty: false, destination });
  return {
    logger,
    lines: () =>
      written.map((line) => {
        const { time, service, instance, ...rest } = JSON.parse(line);
        return rest;
      }),
  };
}
