/** A secret that is found wherever it shows, also in part: no other text holds this word. */
export const mark = "MARKED7";

/** A password or token with characters that need care in URLs and JSON. */
export function secretOf(kind: string): string {
  return `${mark}-${kind}/@:%é`;
}

/** Has the form of an NKey seed, and a wrong check sum. */
export const markedSeed = `SU${mark.repeat(8)}`;

/**
 * What a leak would look like: the text itself, encoded for a URL, as Base64 alone or behind a user's name, or as a
 * Buffer's bytes.
 */
function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  // Without the characters that depend on what stands before and behind.
  const base64 = ["", "x", "xx"].map((before) =>
    Buffer.from(before + secret)
      .toString("base64")
      .slice(before === "" ? 0 : 4, -4),
  );
  return [...new Set([secret, encodeURIComponent(secret), ...base64, bytes.join(","), bytes.toString("hex")])];
}

/** The forms of the mark, or of further secrets, that a text holds. */
export function leaksIn(text: string, secrets: readonly string[] = []): string[] {
  return [mark, ...secrets].flatMap((secret) => formsOf(secret).filter((form) => text.includes(form)));
}
