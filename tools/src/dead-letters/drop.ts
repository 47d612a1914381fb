import type { RejectedStream } from "@sense-alerts/bus";
import type { Selection } from "./arguments.js";
import { type Summary, summaryOf } from "./entry.js";
import { table } from "./list.js";
import { report } from "./report.js";
import { entriesOf } from "./select.js";

type DropOptions = { readonly prefix: string; readonly selection: Selection; readonly yes: boolean };

const mostShown = 50;

/** Shows entries and deletes them; of all there are it deletes none without a yes. Resolves to the exit code. */
export async function drop(stream: RejectedStream, { prefix, selection, yes }: DropOptions): Promise<number> {
  const found: Summary[] = [];
  let missing = 0;
  for await (const entry of entriesOf(stream, prefix, selection)) {
    if (typeof entry !== "number") found.push(summaryOf(entry));
    else {
      missing++;
      report.problem(`${entry}  is not in ${stream.name}`);
    }
  }
  if (found.length > 0) for (const row of table(found.slice(-mostShown))) report.line(row);
  if (found.length > mostShown) report.line(`and ${found.length - mostShown} older ones`);
  if (selection.all && !yes && found.length > 0) {
    report.line(`Nothing is deleted yet: the same with --yes deletes these ${found.length}.`);
    return 2;
  }
  for (const { sequence } of found) await stream.remove(sequence);
  report.line(`${found.length} deleted.`);
  return missing === 0 ? 0 : 1;
}
