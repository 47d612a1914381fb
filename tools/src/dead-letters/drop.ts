import type { ParkedStreams } from "@sense-alerts/bus";
import { streamOf } from "./address.js";
import type { Selection } from "./arguments.js";
import { type Entry, summaryOf } from "./entry.js";
import { table } from "./list.js";
import { report } from "./report.js";
import { entriesOf } from "./select.js";

type DropOptions = { readonly prefix: string; readonly selection: Selection; readonly yes: boolean };

const mostShown = 50;

/** Shows entries and deletes them; of all there are it deletes none without a yes. Resolves to the exit code. */
export async function drop(streams: ParkedStreams, { prefix, selection, yes }: DropOptions): Promise<number> {
  const found: Entry[] = [];
  let missing = 0;
  for await (const entry of entriesOf(streams, prefix, selection)) {
    if (!("missing" in entry)) found.push(entry);
    else {
      missing++;
      report.missing(entry.missing, streams);
    }
  }
  if (found.length > 0) for (const row of table(found.slice(-mostShown).map(summaryOf))) report.line(row);
  if (found.length > mostShown) report.line(`and ${found.length - mostShown} older ones`);
  if (selection.all && !yes && found.length > 0) {
    report.line(`Nothing is deleted yet: the same with --yes deletes these ${found.length}.`);
    return 2;
  }
  for (const entry of found) await streamOf(entry, streams).remove(entry.sequence);
  report.line(`${found.length} deleted.`);
  return missing === 0 ? 0 : 1;
}
