import { isatty } from "node:tty";
import type { DestinationStream } from "pino";
import { prettyFactory } from "pino-pretty";

/** pino-pretty's own stream is asynchronous and would lose the last lines; its formatter is not. */
export function prettyLines(lines: DestinationStream): DestinationStream {
  const format = prettyFactory({ colorize: isatty(1), translateTime: "SYS:standard", ignore: "service,instance" });
  return { write: (line) => lines.write(format(harmless(JSON.parse(line), "msg"))) };
}

/**
 * A record of the log without what would start a line of its own or command the terminal. pino-pretty prints the
 * message and the stack of an error as they are, other texts as JSON, which leaves DEL and the control characters
 * behind it as they are.
 */
function harmless(value: unknown, key: string): unknown {
  if (typeof value === "string") return value.replace(controlsIn(key), escaped);
  if (Array.isArray(value)) return value.map((item) => harmless(item, ""));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name.replace(controlsIn("msg"), escaped), harmless(item, name)]),
  );
}

function controlsIn(key: string): RegExp {
  if (key === "msg") return /\p{Cc}/gu;
  // A stack has lines; pino-pretty indents them all.
  return key === "stack" ? /(?![\n\t])\p{Cc}/gu : /[\u007f-\u009f]/g;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
