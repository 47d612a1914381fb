import type { ParkedStreams } from "@sense-alerts/bus";
import { shown, shownJson } from "../terminal.js";
import { type Filter, type Summary, summaryOf } from "./entry.js";
import { report } from "./report.js";
import { entriesOf } from "./select.js";

type ListOptions = { readonly filter: Filter; readonly limit: number; readonly json: boolean };

/** Prints the newest entries that the filter lets through, oldest first, and how many more there are. */
export async function list(
  streams: ParkedStreams,
  prefix: string,
  { filter, limit, json }: ListOptions,
): Promise<number> {
  const { summaries, olderCount } = await summariesIn(streams, prefix, filter, limit);
  if (json) for (const summary of summaries) console.log(shownJson(JSON.stringify(summary)));
  else if (summaries.length === 0)
    report.line(`Nothing to list in ${streams.deadLetters.name} and ${streams.rejected.name}.`);
  else for (const row of table(summaries)) report.line(row);
  const more = `${olderCount} older ${olderCount === 1 ? "entry is" : "entries are"} not shown: --limit 0 shows all.`;
  if (olderCount > 0) (json ? report.problem : report.line)(more);
  return 0;
}

/** The last `limit` entries (0 = all) in the order in which they were stored, and how many there are before them. */
async function summariesIn(streams: ParkedStreams, prefix: string, filter: Filter, limit: number) {
  const summaries: Summary[] = [];
  let olderCount = 0;
  for await (const entry of entriesOf(streams, prefix, { all: true, filter })) {
    if ("missing" in entry) continue;
    summaries.push(summaryOf(entry));
    if (limit === 0 || summaries.length <= limit) continue;
    summaries.shift();
    olderCount++;
  }
  return { summaries, olderCount };
}

const headings = ["address", "time", "kind", "reason", "bytes", "what"];
const alignedRight = [0, 4];
const longestCell = 110;

/** One row for each entry, below a row of headings. */
export function table(summaries: readonly Summary[]): string[] {
  const rows = [headings, ...summaries.map(cellsOf)];
  const widths = headings.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return alignedRight.includes(column) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd(),
  );
}

function cellsOf(summary: Summary): string[] {
  const { address, time, kind, reason, bytes, eventId, eventType, source, beginning } = summary;
  const event = eventId === null ? beginning : `${eventId} (${eventType ?? "no type"})`;
  const what = kind === "dead-letter" ? event : `from ${source ?? "an unknown source"}: ${beginning}`;
  return [address, time, kind, reason, String(bytes), what].map(bounded);
}

function bounded(text: string): string {
  const safe = shown(text);
  return safe.length > longestCell ? `${safe.slice(0, longestCell - 1)}…` : safe;
}
