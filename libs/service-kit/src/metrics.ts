import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

export type { Counter, Gauge };

/** Takes one value, in the unit of the name. */
export type Observe = (value: number) => void;

/** Prometheus conventions apply after the prefix: the base unit in the name, `_total` behind a counter. */
export type MetricName = `sensealerts_${string}`;

export interface MetricOptions<L extends string> {
  readonly name: MetricName;
  readonly help: string;
  readonly labelNames?: readonly L[];
}

export interface GaugeOptions<L extends string> extends MetricOptions<L> {
  /** Called at each scrape, to set the gauge to what holds at that moment. */
  readonly collect?: (gauge: Gauge<L>) => void | Promise<void>;
}

export interface HistogramOptions<L extends string> extends MetricOptions<L> {
  /** Upper bounds, ascending, in the unit of the name. */
  readonly buckets: readonly number[];
}

/** Adds to one series, 1 if left out. */
export type Count = (by?: number) => void;

/** The metrics of one service, in a registry of their own. Each name may be registered once; a second time throws. */
export interface Metrics {
  counter<L extends string = never>(options: MetricOptions<L>): Counter<L>;
  /**
   * A counter for what happens for each datagram or message: the series of some labels is asked for once, is there from
   * then on, and counting in it is one addition. prom-client brings the labels of each `inc()` into a key, those of a
   * child too.
   */
  tally<L extends string = never>(options: MetricOptions<L>): (labels: Readonly<Record<L, string>>) => Count;
  gauge<L extends string = never>(options: GaugeOptions<L>): Gauge<L>;
  /** A histogram: the series of some labels is asked for once and is there from then on. */
  histogram<L extends string = never>(options: HistogramOptions<L>): (labels: Readonly<Record<L, string>>) => Observe;
  readonly contentType: string;
  /** All metrics in the Prometheus text format. Rejects if a `collect` does. */
  render(): Promise<string>;
}

export interface Build {
  readonly version?: string;
  readonly revision?: string;
}

const startTime = {
  name: "process_start_time_seconds",
  help: "Start time of the process since unix epoch in seconds.",
};

/**
 * A registry with the metrics of the process, under the names that every Node dashboard knows, and the gauge
 * `sensealerts_build_info{service,version,revision,node}`, always 1.
 */
export function createMetrics(service: string, { version = "unknown", revision = "unknown" }: Build = {}): Metrics {
  const register = new Registry();
  // By default a timer goes off a hundred times a second for it, which is most of what an idle service does.
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: 100 });
  // Gauges that are named like counters: the series without `_total` have the same by type.
  for (const kind of ["handles", "requests", "resources"]) register.removeSingleMetric(`nodejs_active_${kind}_total`);
  const registers = [register];
  // prom-client rounds it to seconds, and replicas that start together would then pass for one process.
  register.removeSingleMetric(startTime.name);
  new Gauge({ ...startTime, registers }).set(performance.timeOrigin / 1_000);
  const metrics: Metrics = {
    counter: (options) => new Counter({ ...options, registers }),
    tally: (options) => {
      const series: { readonly labels: Record<string, string>; since: number }[] = [];
      const counter = new Counter<string>({
        ...options,
        registers,
        collect() {
          for (const one of series) {
            this.inc(one.labels, one.since);
            one.since = 0;
          }
        },
      });
      return (labels) => {
        const one = { labels, since: 0 };
        series.push(one);
        counter.inc(labels, 0);
        return (by = 1) => {
          one.since += by;
        };
      };
    },
    gauge: ({ collect, ...options }) =>
      new Gauge({
        ...options,
        registers,
        ...(collect && {
          collect() {
            return collect(this);
          },
        }),
      }),
    histogram: ({ buckets, ...options }) => {
      const histogram = new Histogram<string>({ ...options, buckets: [...buckets], registers });
      return (labels) => {
        histogram.zero(labels);
        return histogram.labels(labels).observe;
      };
    },
    contentType: register.contentType,
    render: () => register.metrics(),
  };
  metrics
    .gauge({
      name: "sensealerts_build_info",
      help: "What runs: always 1",
      labelNames: ["service", "version", "revision", "node"],
    })
    .set({ service, version, revision, node: process.version }, 1);
  return metrics;
}
