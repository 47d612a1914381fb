import { shown } from "../terminal.js";

/**
 * A value as Node, Docker Compose and systemd read it from a .env: in single quotes where it holds more than plain
 * characters, since a # would begin a comment and a $ a variable. Undefined when it cannot be written so that all
 * agree.
 */
export function quoted(value: string): string | undefined {
  if (/^[\w./:@,=+-]*$/.test(value)) return value;
  if (shown(value) !== value) return undefined;
  if (!value.includes("'")) return `'${value}'`;
  return /["$\\`]/.test(value) ? undefined : `"${value}"`;
}
