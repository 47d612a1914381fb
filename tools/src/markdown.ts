/** A table; a `|` in a cell is text, a line break a blank. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |\n`;
  return `${line(head)}|${"---|".repeat(head.length)}\n${rows.map(line).join("")}`;
}

function cell(text: string): string {
  return withoutTags(text.trim().replaceAll(/\s+/g, " ")).replaceAll("|", "\\|");
}

/** Outside of code, `<name>` would be HTML and not be seen. */
function withoutTags(text: string): string {
  return text
    .split("`")
    .map((part, index) => (index % 2 === 0 ? part.replaceAll("<", "\\<") : part))
    .join("`");
}
