import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { cleanUpAfter, type Scope } from "@sense-alerts/test-kit";
import { openSpool, type Spool } from "../../../src/outbox/spool/spool.js";
import { recordsOf } from "./events.js";

export const megabyte = 1024 * 1024;
/** With 1 MiB for all a segment has 128 KiB: 12 of these. */
export const largePayload = 10_000;

export async function open(t: Scope, dir: string, maxBytes = megabyte): Promise<Spool> {
  const spool = await openSpool(dir, maxBytes, { instance: "ingest-1" });
  cleanUpAfter(t, spool.close);
  return spool;
}

/** What a process that is killed leaves behind, opened by the next. */
export async function reopen(t: Scope, spool: Spool, maxBytes = megabyte): Promise<Spool> {
  await spool.close();
  return open(t, spool.dir, maxBytes);
}

export async function append(spool: Spool, ids: readonly string[], payloadBytes?: number): Promise<void> {
  for (const id of ids) await spool.append(recordsOf([id], spool.last() + 1, payloadBytes));
}

/** The ids of all that comes after `after`, read in small pieces, and how many records were torn on the way. */
export async function readAll(spool: Spool, after = spool.mark()) {
  const ids: string[] = [];
  let torn = 0;
  for (let through = after; through < spool.last(); ) {
    const read = await spool.read(through, { maxEvents: 7, maxBytes: 50_000 });
    assert(read.through > through, "gets on");
    assert(read.events.length <= 7);
    ids.push(...read.events.map(({ message }) => message.id));
    torn += read.torn;
    through = read.through;
  }
  return { ids, torn };
}

export function segmentsOf({ dir }: Spool): string[] {
  return readdirSync(dir)
    .filter((name) => name.endsWith(".spool"))
    .toSorted()
    .map((name) => join(dir, name));
}

export function newestOf(spool: Spool): string {
  const path = segmentsOf(spool).at(-1);
  assert(path !== undefined);
  return path;
}
