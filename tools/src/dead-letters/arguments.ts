import { parseArgs } from "node:util";
import { parsed, UsageError } from "../usage.js";
import { type Address, addressOf, addressText } from "./address.js";
import { type Filter, kinds } from "./entry.js";

/** Which entries a command is about: these, or all that the filter lets through. */
export type Selection =
  | { readonly all: false; readonly addresses: readonly Address[] }
  | { readonly all: true; readonly filter: Filter };

export type Command =
  | { readonly name: "help" }
  | { readonly name: "list"; readonly filter: Filter; readonly limit: number; readonly json: boolean }
  | { readonly name: "show"; readonly addresses: readonly Address[] }
  | { readonly name: "replay"; readonly selection: Selection }
  | { readonly name: "drop"; readonly selection: Selection; readonly yes: boolean };

export const help = `npm run dead-letters -- <command>    dead letters and rejected datagrams, on the live streams

  list [--reason R] [--kind K] [--limit N] [--json]
                            the newest 50, or N (0 = all), one to a line
  show <address…>           everything about them, and what the reader makes of a datagram today
  replay <address…>         sends a dead letter to the alerter again, a datagram through the reader; what
                            succeeds leaves its stream
  replay --all [--reason R] [--kind K]
                            all of them, but not datagrams that were never read (source-not-allowed,
                            source-rate-exceeded): those only when their reason is given
  drop <address…>           deletes them
  drop --all [--reason R] [--kind K] --yes
                            deletes all of them; without --yes it only shows what it would delete

  An address is what list prints: d17 is sequence 17 of SENSE_DEAD_LETTERS, r17 that of SENSE_REJECTED.
  R is a reason such as unknown-tag; K is ${kinds.join(" or ")}.
NATS is found by the environment variables of the services (NATS_URL and the rest); datagrams are read with
UDP_MAX_DATAGRAM_BYTES, UDP_FALLBACK_ENCODING and SENSE_TIMEZONE.
Exit codes: 0 done, 1 something stays undone, 2 --yes is missing, 64 wrong usage, 78 wrong settings.`;

const defaultLimit = 50;

const flag = { type: "boolean", default: false } as const;
const word = { type: "string" } as const;
const filterOptions = { reason: word, kind: word };

/** Reads the arguments behind the program's name. Throws a UsageError. */
export function readArguments([command = "", ...args]: readonly string[]): Command {
  if (["--help", "-h", "help"].includes(command) || args.includes("--help")) return { name: "help" };
  switch (command) {
    case "list": {
      const options = { ...filterOptions, limit: word, json: flag };
      const { values, positionals } = parsed(() => parseArgs({ args, options, allowPositionals: true }));
      if (positionals.length > 0) throw new UsageError("list takes no addresses: show does");
      return { name: "list", filter: filterOf(values), limit: limitOf(values.limit), json: values.json };
    }
    case "show": {
      const { positionals } = parsed(() => parseArgs({ args, allowPositionals: true }));
      if (positionals.length === 0) throw new UsageError("show needs at least one address, as list prints them");
      return { name: "show", addresses: addressesOf(positionals) };
    }
    case "replay": {
      const options = { ...filterOptions, all: flag };
      const { values, positionals } = parsed(() => parseArgs({ args, options, allowPositionals: true }));
      return { name: "replay", selection: selectionOf(command, values, positionals) };
    }
    case "drop": {
      const options = { ...filterOptions, all: flag, yes: flag };
      const { values, positionals } = parsed(() => parseArgs({ args, options, allowPositionals: true }));
      return { name: "drop", selection: selectionOf(command, values, positionals), yes: values.yes };
    }
    default:
      throw new UsageError(command === "" ? "a command is missing" : `there is no command ${command}`);
  }
}

type FilterValues = { readonly reason?: string | undefined; readonly kind?: string | undefined };

function selectionOf(
  command: string,
  values: FilterValues & { readonly all: boolean },
  positionals: readonly string[],
): Selection {
  const filter = filterOf(values);
  if (values.all && positionals.length > 0) throw new UsageError(`${command} takes addresses or --all, not both`);
  if (values.all) return { all: true, filter };
  if (positionals.length === 0) throw new UsageError(`${command} needs an address, or --all`);
  if (filter.reason !== undefined || filter.kind !== undefined)
    throw new UsageError("--reason and --kind go with --all");
  return { all: false, addresses: addressesOf(positionals) };
}

function filterOf({ reason, kind: given }: FilterValues): Filter {
  const kind = kinds.find((known) => known === given);
  if (given !== undefined && kind === undefined) throw new UsageError(`--kind must be ${kinds.join(" or ")}`);
  return { reason, kind };
}

function limitOf(given: string | undefined): number {
  if (given === undefined) return defaultLimit;
  if (!/^\d{1,9}$/.test(given)) throw new UsageError("--limit must be a whole number; 0 = all");
  return Number(given);
}

/** Each address once, in the order given. */
function addressesOf(given: readonly string[]): Address[] {
  return Array.from(new Map(given.map(required).map((address) => [addressText(address), address])).values());
}

function required(given: string): Address {
  const address = addressOf(given);
  if (address !== undefined) return address;
  const isNumber = /^[1-9]\d{0,14}$/.test(given);
  const why = isNumber ? `could be d${given} (a dead letter) or r${given} (a rejected datagram)` : "is no address";
  throw new UsageError(`${given} ${why}: list prints addresses, such as d17`);
}
