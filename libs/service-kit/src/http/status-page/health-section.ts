import type { HealthReport, LinkReport } from "../../health.js";
import type { LinkTimes } from "./link-times.js";
import type { Cell, StatusSection, StatusSnapshot, Tone, Trouble } from "./snapshot.js";

/** The service in one word. */
export function phaseOf({ ready, starting, stopping, links }: HealthReport): {
  readonly tone: Tone;
  readonly text: string;
} {
  if (stopping) return { tone: "quiet", text: "stopping" };
  if (starting) return { tone: "quiet", text: "starting" };
  if (!ready) return { tone: "bad", text: "not ready" };
  return Object.values(links).every(({ up }) => up)
    ? { tone: "good", text: "ready" }
    : { tone: "bad", text: "degraded" };
}

export function linksSection({ links }: HealthReport, since: LinkTimes["since"]): StatusSection {
  const rows = Object.entries(links).map(([name, link]): Cell[] => {
    const state = `${link.up ? "up" : "down"}${link.required ? "" : " (not required)"}`;
    return [name, { tone: link.up ? "good" : "bad", text: state }, timeOf(since(name)), detailsOf(link)];
  });
  const columns = ["Link", "State", "Since", "Detail"];
  return { id: "links", title: "Links", table: { columns, rows, empty: "None yet: the service is starting." } };
}

/** What each link that is down means. */
export function linkTroubles(
  { links }: HealthReport,
  since: LinkTimes["since"],
  whenDown: StatusSnapshot["whenDown"] = {},
): readonly Trouble[] {
  return Object.entries(links)
    .filter(([, { up }]) => !up)
    .map(([name, { detail }]) => {
      const reason = detail === undefined ? "" : `: ${detail}`;
      const text = [`${name} is down${reason}.`, whenDown[name] ?? ""].join(" ").trim();
      const sinceMs = since(name);
      return { text, ...(sinceMs === undefined ? {} : { sinceMs }) };
    });
}

function detailsOf({ required: _, up: __, detail, ...facts }: LinkReport): string {
  const shown = Object.entries(facts).flatMap(([fact, value]) => (value === undefined ? [] : [`${fact}: ${value}`]));
  return [...(detail === undefined ? [] : [detail]), ...shown].join(", ");
}

function timeOf(atMs: number | undefined): Cell {
  return atMs === undefined ? undefined : { atMs };
}
