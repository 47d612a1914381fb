const labelWidth = 28;
const textWidth = 100;

/** A line that stands out: bold on a terminal, underlined in a log. */
export function heading(text: string): string {
  return process.stdout.isTTY ? `\u001b[1m${text}\u001b[0m` : `${text}\n${"-".repeat(text.length)}`;
}

/** A label and its text, broken into lines of bounded width that stand below each other. */
export function indented(label: string, text: string): string {
  const characters = [...text];
  const lines = [];
  for (let start = 0; start === 0 || start < characters.length; start += textWidth) {
    lines.push(characters.slice(start, start + textWidth).join(""));
  }
  return lines.map((line, index) => `  ${(index === 0 ? label : "").padEnd(labelWidth)} ${line}`).join("\n");
}

/** Bytes as a person can read them: control characters and what is no UTF-8 in escapes. */
export function shown(bytes: string | Uint8Array): string {
  const text = typeof bytes === "string" ? bytes : decode(bytes);
  return text.replaceAll("\r", "\\r").replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`)).join("");
  }
}
