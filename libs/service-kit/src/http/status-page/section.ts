import type { Cell, StatusSection, StatusTable } from "./snapshot.js";
import { agoText, bytesText, durationText, escapeHtml, numberText, readableText } from "./text.js";

/**
 * One section with its heading, as HTML. A table is a region of its own that scrolls sideways and takes the focus for
 * it.
 */
export function renderSection({ id, title, facts, table }: StatusSection, nowMs: number): string {
  const heading = `${id}-heading`;
  const parts = [
    `<h2 id="${escapeHtml(heading)}">${escapeHtml(title)}</h2>`,
    ...(facts === undefined ? [] : [renderFacts(facts, nowMs)]),
    ...(table === undefined ? [] : [renderTable(table, heading, nowMs)]),
  ];
  return `<section id="${escapeHtml(id)}" aria-labelledby="${escapeHtml(heading)}">\n${parts.join("\n")}\n</section>`;
}

function renderFacts(facts: NonNullable<StatusSection["facts"]>, nowMs: number): string {
  const rows = facts.map(
    ([label, value]) => `<div><dt>${escapeHtml(label)}</dt><dd>${renderCell(value, nowMs)}</dd></div>`,
  );
  return `<dl>\n${rows.join("\n")}\n</dl>`;
}

function renderTable({ columns, rows, empty }: StatusTable, heading: string, nowMs: number): string {
  if (rows.length === 0) return `<p class="empty">${escapeHtml(empty)}</p>`;
  const numeric = columns.map((_, column) => rows.some((row) => isNumeric(row[column])));
  const classOf = (column: number) => (numeric[column] ? ' class="number"' : "");
  const head = columns.map((name, column) => `<th scope="col"${classOf(column)}>${escapeHtml(name)}</th>`);
  const body = rows.flatMap((row) => {
    const cells = row
      .filter((cell) => !isRaw(cell))
      .map((cell, column) => {
        const inside = renderCell(cell, nowMs);
        return column === 0 ? `<th scope="row">${inside}</th>` : `<td${classOf(column)}>${inside}</td>`;
      });
    const below = row
      .filter(isRaw)
      .map((cell) => `<tr class="below"><td colspan="${columns.length}">${renderCell(cell, nowMs)}</td></tr>`);
    return [`<tr>${cells.join("")}</tr>`, ...below];
  });
  return `<div class="scroll" role="group" tabindex="0" aria-labelledby="${escapeHtml(heading)}">
<table>
<thead><tr>${head.join("")}</tr></thead>
<tbody>
${body.join("\n")}
</tbody>
</table>
</div>`;
}

function isRaw(cell: Cell): boolean {
  return typeof cell === "object" && "raw" in cell;
}

function isNumeric(cell: Cell): boolean {
  return typeof cell === "number" || (typeof cell === "object" && ("durationMs" in cell || "bytes" in cell));
}

export function renderCell(cell: Cell, nowMs: number): string {
  if (cell === undefined) return "–";
  if (typeof cell === "number") return numberText(cell);
  if (typeof cell === "string") return `<bdi>${readable(cell)}</bdi>`;
  if ("tone" in cell) return `<span class="tone ${cell.tone}">${readable(cell.text)}</span>`;
  if ("atMs" in cell) return renderTime(cell.atMs, nowMs);
  if ("durationMs" in cell) return durationText(cell.durationMs);
  if ("bytes" in cell) return bytesText(cell.bytes);
  return `<code><bdi>${readable(cell.raw)}</bdi></code>`;
}

/** How long ago, and the time of day in UTC, with the date unless it is today. */
export function renderTime(atMs: number, nowMs: number): string {
  const iso = new Date(atMs).toISOString();
  const [date = "", time = ""] = iso.slice(0, 19).split("T");
  const isToday = new Date(nowMs).toISOString().startsWith(date);
  return `<time datetime="${iso}">${agoText(nowMs - atMs)} <small>${isToday ? time : `${date} ${time}`}</small></time>`;
}

function readable(text: string): string {
  return escapeHtml(readableText(text));
}
