import type { RejectedStream } from "@sense-alerts/bus";
import type { Selection } from "./arguments.js";
import { type Entry, entryOf, passes } from "./entry.js";

/** The entries that a command is about, and for each sequence under which there is none that sequence. */
export async function* entriesOf(
  stream: RejectedStream,
  prefix: string,
  selection: Selection,
): AsyncGenerator<Entry | number> {
  if (selection.all) {
    for await (const message of stream.messages()) {
      const entry = entryOf(message, prefix);
      if (entry !== undefined && passes(entry, selection.filter)) yield entry;
    }
    return;
  }
  for (const sequence of new Set(selection.sequences)) {
    const message = await stream.message(sequence);
    yield (message && entryOf(message, prefix)) ?? sequence;
  }
}
