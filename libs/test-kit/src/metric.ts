export type MetricLabels = Readonly<Record<string, string>>;

const sample = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/**
 * The value of a metric in Prometheus' text format: the sum over all series that have the labels given, so 0 while a counter with
 * labels has not counted. Throws for a metric that the text does not even announce, since that is a misspelt name.
 */
export function readMetric(text: string, name: string, labels: MetricLabels = {}): number {
  const announced = new RegExp(`^# TYPE ${name.replace(/_(bucket|sum|count)$/, "(_$1)?")} `, "m");
  let known = announced.test(text);
  let sum = 0;
  for (const line of text.split("\n")) {
    const [, series, labelText = "", count] = sample.exec(line) ?? [];
    if (series !== name) continue;
    known = true;
    const found = Object.fromEntries(
      Array.from(labelText.matchAll(label), ([, key = "", value = ""]) => [key, unescaped(value)]),
    );
    if (Object.entries(labels).every(([key, wanted]) => found[key] === wanted)) sum += Number(count);
  }
  if (!known) throw new Error(`there is no metric ${name}`);
  return sum;
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) => (character === "n" ? "\n" : character));
}
