const mostCharacters = 300;
/**
 * Control and format characters, half a surrogate pair, private use, line and paragraph separators; not the joiners
 * that scripts and emoji need.
 */
const unseen = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/**
 * Text of any origin for a person to read: what cannot be seen, or turns the direction of the text, is made visible;
 * what is long is cut.
 */
export function readableText(text: string): string {
  if (text.length <= mostCharacters) return text.replace(unseen, visible);
  const kept = text.slice(0, mostCharacters).replace(/[\ud800-\udbff]$/, "");
  return `${kept.replace(unseen, visible)}…`;
}

/** For text and attributes of HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** `␊` for a line feed, `\u{202e}` for what has no picture of its own. */
function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return code === 0x7f ? "␡" : `\\u{${code.toString(16)}}`;
}

const separated = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

/** `12,345`. */
export function numberText(value: number): string {
  return separated.format(value);
}

const sizes = ["B", "KiB", "MiB", "GiB", "TiB"];

/** `208 KiB`. */
export function bytesText(bytes: number): string {
  const power = Math.min(sizes.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${separated.format(bytes / 1024 ** power)} ${sizes[power]}`;
}

const secondMs = 1_000;
/** Each unit, and from where on it is used. */
const units = [
  { unit: "d", unitMs: 86_400_000, fromMs: 2 * 86_400_000 },
  { unit: "h", unitMs: 3_600_000, fromMs: 3_600_000 },
  { unit: "min", unitMs: 60_000, fromMs: 60_000 },
  { unit: "s", unitMs: secondMs, fromMs: 0 },
] as const;

/** `12 ms`, `3.4 s`, `25 s`, `5 min`, `2 h`, `4 d`. */
export function durationText(ms: number): string {
  const size = Math.abs(ms);
  if (size < secondMs) return `${Math.round(ms)} ms`;
  return size < 10 * secondMs ? `${(ms / secondMs).toFixed(1)} s` : wholeText(ms);
}

/** `just now`, `3 s ago`. */
export function agoText(ms: number): string {
  return ms < secondMs ? "just now" : `${wholeText(ms)} ago`;
}

function wholeText(ms: number): string {
  const { unit, unitMs } = units.find(({ fromMs }) => Math.abs(ms) >= fromMs) ?? units[3];
  return `${separated.format(Math.trunc(ms / unitMs))} ${unit}`;
}
