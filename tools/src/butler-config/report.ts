import { heading, shown } from "../terminal.js";
import { quoted } from "./quoted.js";
import type { Entry, Outcome } from "./translate.js";

const titles: Readonly<Record<Outcome, string>> = {
  "carried-over": "Carried over",
  "no-counterpart": "No counterpart",
  decide: "To decide",
};

/** What became of every key, with its line in Butler's file; what is to be decided comes last, where it is seen. */
export function reportOf(entries: readonly Entry[]): readonly string[] {
  return Object.entries(titles).flatMap(([outcome, title]) => {
    const found = entries.filter((entry) => entry.outcome === outcome);
    const count = found.flatMap(({ keys }) => keys).length;
    return count === 0 ? [] : [heading(`${title} (${count})`), ...found.flatMap(linesOf), ""];
  });
}

function linesOf({ keys, why, written, suggested }: Entry): readonly string[] {
  const set = Object.entries(written).map(([name, value]) => `→ ${name}=${quoted(value) ?? ""}`);
  const comments = Object.entries(suggested).map(([name, value]) => `→ as a comment: ${name}=${quoted(value) ?? ""}`);
  return [
    ...keys.map(({ path, line }) => `${String(line ?? "-").padStart(5)}  ${shown(path)}`),
    ...[...(why === "" ? [] : [why]), ...set, ...comments].map((text) => `       ${shown(text)}`),
  ];
}
