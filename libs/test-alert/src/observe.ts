import { once } from "node:events";
import { get as getHttp } from "node:http";
import { get as getHttps } from "node:https";
import { text } from "node:stream/consumers";
import { type MetricLabels, readSamples, type Sample, sumOf } from "./metric.js";

/** What has changed at a service, all its replicas taken together, since it was first looked at. */
export type Change = {
  /** By how much a counter has grown. */
  readonly grown: (name: string, labels?: MetricLabels) => number;
  /** The values of a label whose counters have grown, such as the reasons for which something was rejected. */
  readonly grownBy: (name: string, label: string) => readonly string[];
  /** A gauge, as it is now. */
  readonly now: (name: string) => number;
  /** What /readyz says of a link that is down; undefined while it is up. */
  readonly down: (link: string) => string | undefined;
};

type Observation = { readonly ok: true; readonly change: Change } | { readonly ok: false; readonly why: string };

type Link = { readonly up?: unknown; readonly detail?: unknown };
type View = {
  readonly samples: readonly Sample[];
  readonly links: Readonly<Record<string, Link>>;
  readonly from: string;
};

const timeoutMs = 3_000;
const started = "process_start_time_seconds";

/** Looks again, and tells the change. Does not reject. */
export type Observe = () => Promise<Observation>;

/** Looks at /metrics and /readyz of each replica for the first time. Undefined where there is none. Does not reject. */
export async function observe(urls: readonly string[]): Promise<Observe | undefined> {
  if (urls.length === 0) return undefined;
  const before = await viewAll(urls);
  return async () => {
    if (!before.ok) return before;
    const after = await viewAll(urls);
    if (!after.ok) return after;
    const other = after.views.find(({ samples }, index) => startOf(samples) !== startOf(before.views[index]?.samples));
    if (other === undefined) return { ok: true, change: changeOf(before.views, after.views) };
    const why = `${other.from} is not the process it was a moment ago: it was restarted, or several replicas share the address`;
    return { ok: false, why };
  };
}

function changeOf(before: readonly View[], after: readonly View[]): Change {
  const was = before.flatMap(({ samples }) => samples);
  const is = after.flatMap(({ samples }) => samples);
  const sum = (samples: readonly Sample[], name: string, labels: MetricLabels = {}) =>
    sumOf(
      samples.filter((each) => each.name === name),
      labels,
    );
  const grown = (name: string, labels: MetricLabels = {}) => sum(is, name, labels) - sum(was, name, labels);
  return {
    grown,
    grownBy: (name, label) => {
      const values = is.flatMap((each) => (each.name === name ? [each.labels[label] ?? ""] : []));
      return [...new Set(values)].filter((value) => grown(name, { [label]: value }) > 0);
    },
    now: (name) => sum(is, name),
    down: (link) => {
      const found = after.map(({ links }) => links[link]).find((each) => each !== undefined && each.up !== true);
      return found === undefined ? undefined : String(found.detail ?? "down");
    },
  };
}

function startOf(samples: readonly Sample[] = []): number {
  return samples.find(({ name }) => name === started)?.value ?? 0;
}

async function viewAll(urls: readonly string[]) {
  try {
    return { ok: true, views: await Promise.all(urls.map(view)) } as const;
  } catch (error) {
    return { ok: false, why: error instanceof Error ? error.message : String(error) } as const;
  }
}

async function view(url: string): Promise<View> {
  const [metrics, ready] = await Promise.all([answer(url, "/metrics"), answer(url, "/readyz")]);
  if (!metrics.includes("sensealerts_"))
    throw new Error(`${url} is not one of our services: /metrics has none of their names`);
  const { links = {} }: { links?: Record<string, Link> } = JSON.parse(ready);
  return { samples: readSamples(metrics), links, from: url };
}

/** Not fetch(): it refuses ports that browsers must not reach. */
async function answer(url: string, path: string): Promise<string> {
  try {
    const get = url.startsWith("https:") ? getHttps : getHttp;
    const request = get(`${url}${path}`, { agent: false, signal: AbortSignal.timeout(timeoutMs) });
    const [response] = await once(request, "response");
    return await text(response);
  } catch (error) {
    throw new Error(`${url} does not answer (${reasonOf(error)})`, { cause: error });
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "AbortError" || error.name === "TimeoutError") return `not within ${timeoutMs / 1_000} seconds`;
  return "code" in error ? String(error.code) : error.message;
}
