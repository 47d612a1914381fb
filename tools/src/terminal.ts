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

/**
 * Text or bytes as a person can read them: what is no UTF-8, control characters and whatever else moves the cursor,
 * turns the direction or shows nothing at all come as escapes, so that no text passes for another or for a command to
 * the terminal.
 */
export function shown(bytes: string | Uint8Array): string {
  const text = typeof bytes === "string" ? bytes : decode(bytes);
  return text.replace(invisible, (character) => named.get(character) ?? escapeOf(character));
}

/** A JSON text that says the same, with no such character in it. */
export function shownJson(json: string): string {
  const unit = (character: string, index: number) => character.charCodeAt(index).toString(16).padStart(4, "0");
  return json.replace(invisible, (character) =>
    Array.from({ length: character.length }, (_, index) => `\\u${unit(character, index)}`).join(""),
  );
}

/** Control and format characters, separators of lines and paragraphs, halves of surrogate pairs. */
const invisible = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const named = new Map([
  ["\r", "\\r"],
  ["\n", "\\n"],
  ["\t", "\\t"],
]);

function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`)).join("");
  }
}
