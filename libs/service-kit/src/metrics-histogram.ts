import type { Metric, Registry } from "prom-client";

/** Takes one value, in the unit of the name. */
export type Observe = (value: number) => void;

type Options = { readonly name: string; readonly help: string; readonly buckets: readonly number[] };
type Series = { readonly labels: Readonly<Record<string, string>>; readonly counts: number[]; sum: number };

/**
 * A histogram in the registry whose series are asked for once and are there from then on; to observe is to add to two numbers. prom-client's own
 * brings the labels of each value into a key, and looks that up. Throws when the registry has the name already.
 */
export function createHistogram(
  register: Registry,
  { name, help, buckets }: Options,
): (labels: Readonly<Record<string, string>>) => Observe {
  const all: Series[] = [];

  function samplesOf({ labels, counts, sum }: Series): object[] {
    let soFar = 0;
    const bounds = [...buckets, "+Inf"].map((le, index) => {
      soFar += counts[index] ?? 0;
      return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: soFar };
    });
    return [
      ...bounds,
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: soFar },
    ];
  }

  // All that the registry asks of a metric.
  const metric = {
    name,
    get: async () => ({ name, help, type: "histogram", aggregator: "sum", values: all.flatMap(samplesOf) }),
    reset: () => {},
  };
  register.registerMetric(metric as unknown as Metric);

  return (labels) => {
    const series: Series = { labels, counts: new Array(buckets.length + 1).fill(0), sum: 0 };
    all.push(series);
    return (value) => {
      let index = 0;
      while (index < buckets.length && value > (buckets[index] as number)) index++;
      (series.counts[index] as number)++;
      series.sum += value;
    };
  };
}
