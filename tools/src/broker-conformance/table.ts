import { type Checklist, checkNames, type Result } from "./check.js";

export interface Row {
  readonly broker: string;
  readonly version: string;
  readonly results: Checklist["results"];
}

/** A Markdown table, and below it why a broker deviates and what failed. */
export function tableOf(rows: readonly Row[]): string {
  const notes: string[] = [];
  const lines = rows.map(({ broker, version, results }) => {
    const cells = checkNames.map((name) => cellOf(results.get(name), (text) => noteFor(notes, broker, name, text)));
    return `| ${broker} ${version} | ${cells.join(" | ")} |`;
  });
  return [
    `| broker | ${checkNames.join(" | ")} |`,
    `|---${"|---".repeat(checkNames.length)}|`,
    ...lines,
    "",
    ...notes,
  ].join("\n");
}

/** Each note once, with a number that its cell refers to. */
function noteFor(notes: string[], broker: string, name: string, text: string): number {
  return notes.push(`${notes.length + 1}. ${broker}, ${name}: ${text.split("\n")[0]}`);
}

function cellOf(result: Result | undefined, note: (text: string) => number): string {
  if (result === undefined) return "–"; // the broker does not have it
  if (result.state === "passed") return result.note === "" ? "yes" : `yes (${result.note})`;
  if (result.state === "deviates") return `broker (${note(result.reason)})`;
  return `**failed** (${note(result.reason)})`;
}
