import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Scope } from "./clean-up.js";
import { findProgram } from "./find-program.js";
import { freeTcpPort } from "./free-port.js";
import { type Server, startServer } from "./server.js";
import { tempDir } from "./temp-dir.js";

export interface PrometheusOptions {
  /** `host:port` of what is scraped at /metrics, every second. */
  readonly targets: readonly string[];
  /** Files with rules, evaluated every second. */
  readonly ruleFiles?: readonly string[];
}

export interface PrometheusSeries {
  readonly metric: Readonly<Record<string, string>>;
  /** Seconds since 1970, and the value as text. */
  readonly value: readonly [number, string];
}

export interface Prometheus extends Server {
  readonly url: string;
  /**
   * What an expression comes to now, a series for each label set. Rejects with Prometheus' own words when it cannot be
   * evaluated.
   */
  query(expression: string): Promise<PrometheusSeries[]>;
}

/** A real prometheus on a free port of 127.0.0.1, stopped when the scope ends. Resolves when it is ready. */
export async function startPrometheus(t: Scope, { targets, ruleFiles = [] }: PrometheusOptions): Promise<Prometheus> {
  const dir = tempDir(t);
  const configFile = join(dir, "prometheus.yml");
  // JSON is YAML.
  const config = {
    global: { scrape_interval: "1s", evaluation_interval: "1s" },
    rule_files: ruleFiles,
    scrape_configs: [{ job_name: "test", static_configs: [{ targets }] }],
  };
  writeFileSync(configFile, JSON.stringify(config));
  const url = `http://127.0.0.1:${await freeTcpPort()}`;

  const server = await startServer(t, {
    program: findProgram("prometheus"),
    args: [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(dir, "data")}`,
      `--web.listen-address=${new URL(url).host}`,
    ],
    isUp: () =>
      fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(1_000) }).then(
        ({ ok }) => ok,
        () => false,
      ),
  });

  async function query(expression: string): Promise<PrometheusSeries[]> {
    const response = await fetch(`${url}/api/v1/query`, {
      method: "POST",
      body: new URLSearchParams({ query: expression }),
      signal: AbortSignal.timeout(5_000),
    });
    const answer = (await response.json()) as { error?: string; data?: { result: PrometheusSeries[] } };
    if (answer.data === undefined) throw new Error(`${expression}: ${answer.error}`);
    return answer.data.result;
  }

  return Object.assign(server, { url, query });
}
