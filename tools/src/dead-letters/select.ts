import type { ParkedStreams, StoredMessage } from "@sense-alerts/bus";
import { type Address, streamOf } from "./address.js";
import type { Selection } from "./arguments.js";
import { type Entry, entryOf, passes } from "./entry.js";

/** The entries that a command is about, and each address without an entry as it was given. */
export async function* entriesOf(
  streams: ParkedStreams,
  prefix: string,
  selection: Selection,
): AsyncGenerator<Entry | { readonly missing: Address }> {
  if (selection.all) {
    for await (const entry of allEntries(streams, prefix)) if (passes(entry, selection.filter)) yield entry;
    return;
  }
  for (const address of selection.addresses) {
    const message = await streamOf(address, streams).message(address.sequence);
    yield (message && entryOf(message, address.letter, prefix)) ?? { missing: address };
  }
}

/** The entries of both streams, oldest first. */
async function* allEntries(streams: ParkedStreams, prefix: string): AsyncGenerator<Entry> {
  const sources = (["d", "r"] as const).map((letter) => ({
    letter,
    messages: streamOf({ letter }, streams).messages(),
  }));
  const heads: { letter: Address["letter"]; messages: AsyncGenerator<StoredMessage>; head: StoredMessage }[] = [];
  for (const source of sources) {
    const { value } = await source.messages.next();
    if (value !== undefined) heads.push({ ...source, head: value });
  }
  while (true) {
    const [oldest] = heads.sort((one, other) => Date.parse(one.head.storedAt) - Date.parse(other.head.storedAt));
    if (oldest === undefined) return;
    const entry = entryOf(oldest.head, oldest.letter, prefix);
    if (entry !== undefined) yield entry;
    const { value } = await oldest.messages.next();
    if (value === undefined) heads.splice(heads.indexOf(oldest), 1);
    else oldest.head = value;
  }
}
