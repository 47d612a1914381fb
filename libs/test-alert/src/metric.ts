export type MetricLabels = Readonly<Record<string, string>>;

/** One line of Prometheus' text format. */
export type Sample = { readonly name: string; readonly labels: MetricLabels; readonly value: number };

const sample = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/**
 * The value of a metric in Prometheus' text format: the sum over all series that have the labels given, so 0 while a
 * counter with labels has not counted. Throws for a metric that the text does not even announce, since that is a
 * misspelt name.
 */
export function readMetric(text: string, name: string, labels: MetricLabels = {}): number {
  const samples = readSamples(text).filter((each) => each.name === name);
  const announced = new RegExp(`^# TYPE ${name.replace(/_(bucket|sum|count)$/, "(_$1)?")} `, "m");
  if (samples.length === 0 && !announced.test(text)) throw new Error(`there is no metric ${name}`);
  return sumOf(samples, labels);
}

export function readSamples(text: string): Sample[] {
  return text.split("\n").flatMap((line) => {
    const [, name, labelText = "", value] = sample.exec(line) ?? [];
    if (name === undefined) return [];
    const labels = Array.from(
      labelText.matchAll(label),
      ([, key = "", given = ""]) => [key, unescaped(given)] as const,
    );
    return [{ name, labels: Object.fromEntries(labels), value: Number(value) }];
  });
}

/** The sum over those that have the labels. */
export function sumOf(samples: readonly Sample[], labels: MetricLabels): number {
  return samples
    .filter((each) => Object.entries(labels).every(([key, wanted]) => each.labels[key] === wanted))
    .reduce((sum, { value }) => sum + value, 0);
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) => (character === "n" ? "\n" : character));
}
