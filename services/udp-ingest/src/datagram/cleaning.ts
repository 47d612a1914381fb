/** What log4net prints for a property that was never set. */
const unset = "(null)";

/** The text with each run of control characters as one blank, or empty when it says nothing: for names. */
export function cleanName(text: string): string {
  return emptyIfAbsent(text.replace(/\p{Cc}+/gu, " "));
}

/** Like {@link cleanName}, but line breaks and tabs stay: for log messages. */
export function cleanMessage(text: string): string {
  return emptyIfAbsent(text.replace(/[^\P{Cc}\r\n\t]+/gu, " "));
}

/** Whether there is nothing in the text but blanks, control characters and byte order marks. */
export function isBlank(text: string): boolean {
  return text.replace(/\p{Cc}+/gu, "").trim() === "";
}

/** The text, or empty when it is blank or a property that was never set. */
export function emptyIfAbsent(text: string): string {
  const value = text.trim();
  return value === "" || value === unset ? "" : text;
}
