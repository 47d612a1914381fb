import { readFileSync } from "node:fs";

/** A metric as /metrics announces it, or as docs/metrics.md documents it. */
export interface DescribedMetric {
  readonly name: string;
  readonly type: string;
  /** In alphabetical order. Undefined when nothing was counted, so that nobody can say. */
  readonly labels: readonly string[] | undefined;
  readonly help: string;
}

/** What a text in Prometheus' format announces. */
export function announcedIn(text: string): DescribedMetric[] {
  return Array.from(text.matchAll(/^# HELP (\w+) (.*)\n# TYPE \w+ (\w+)$/gm), ([, name = "", help = "", type = ""]) => {
    const series = new RegExp(`^${name}(?:_bucket|_sum|_count)?(?:\\{(.*)\\})? \\S+$`, "gm");
    const samples = Array.from(text.matchAll(series), ([, labels = ""]) => labels);
    const labels = new Set(samples.flatMap((sample) => sample.match(/\w+(?==")/g) ?? []));
    labels.delete("le");
    return { name, type, labels: samples.length === 0 ? undefined : [...labels].sort(), help };
  });
}

/** The rows of the tables in docs/metrics.md: | `name` | type | labels | help | what to look for | */
export function documented(): (DescribedMetric & { readonly lookFor: string })[] {
  const markdown = readFileSync(new URL("../../../docs/metrics.md", import.meta.url), "utf8");
  const row = /^\| `(\w+)` \| (\w+) \| (.*?) \| (.*?) \| (.*?) \|$/gm;
  return Array.from(markdown.matchAll(row), ([, name = "", type = "", labels = "", help = "", lookFor = ""]) => ({
    name,
    type,
    labels: (labels.match(/\w+/g) ?? []).sort(),
    help,
    lookFor,
  }));
}
