import { isPair, isScalar, LineCounter, parseDocument, visit, type YAMLParseError } from "yaml";

/**
 * What a Butler configuration says: every key and section below `Butler`, by its path, such as `mqttConfig.brokerHost`.
 */
export type ButlerFile = ReadonlyMap<string, Key>;

export type Key = {
  readonly path: string;
  /** Text, number, boolean, list or null; for a section what is in it. */
  readonly value: unknown;
  /** Undefined where an alias or a merge put the key. */
  readonly line: number | undefined;
};

/** `problem` says what is wrong, where, and what to do; never with a word of the values. */
export type ButlerFileReading =
  | { readonly ok: true; readonly file: ButlerFile }
  | { readonly ok: false; readonly problem: string };

/** Reads the bytes of a `production.yaml`. A key that is not plain stands in quotes in its path. */
export function readButlerFile(bytes: Uint8Array): ButlerFileReading {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return wrong("it is not UTF-8 text: save it with the encoding UTF-8");
  }
  const lineCounter = new LineCounter();
  // Pretty messages would show the line, which may hold a password.
  const document = parseDocument(text, { lineCounter, prettyErrors: false, merge: true, logLevel: "error" });
  const [error] = document.errors;
  if (error !== undefined) return wrong(explained(error, lineCounter));

  let top: unknown;
  try {
    top = document.toJS();
  } catch {
    return wrong("its aliases (*name) lead nowhere or make it grow without end: write out what they stand for");
  }
  const butler = isSection(top) ? top["Butler"] : undefined;
  if (!isSection(butler) || Object.keys(butler).length === 0) return wrong(noButler(top));

  const lines = new Map<string, number>();
  visit(document, {
    Pair(_, pair, ancestors) {
      const names = [...ancestors.filter(isPair), pair].map(({ key }) => (isScalar(key) ? String(key.value) : ""));
      const start = isScalar(pair.key) ? pair.key.range?.[0] : undefined;
      if (start !== undefined) lines.set(pathOf(names), lineCounter.linePos(start).line);
    },
  });
  const file = new Map<string, Key>();
  collect(butler, ["Butler"], (names, value) => {
    const path = pathOf(names.slice(1));
    file.set(path, { path, value, line: lines.get(pathOf(names)) });
  });
  return { ok: true, file };
}

/** A map of keys, as opposed to a value or a list of them. */
export function isSection(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function collect(
  section: object,
  above: readonly string[],
  found: (names: readonly string[], value: unknown) => void,
): void {
  for (const [name, value] of Object.entries(section)) {
    const names = [...above, name];
    found(names, value);
    if (isSection(value)) collect(value, names, found);
  }
}

function pathOf(names: readonly string[]): string {
  return names.map((name) => (/^[\w-]+$/.test(name) ? name : JSON.stringify(name))).join(".");
}

function noButler(top: unknown): string {
  const found = isSection(top) ? Object.keys(top).find((name) => /^butler/i.test(name)) : undefined;
  const sos = found !== undefined && /sos/i.test(found);
  const hint = sos ? "this is a configuration of Butler SOS, another program" : "give the production.yaml of Butler";
  return `it has no section Butler with keys in it at its top: ${hint}`;
}

function wrong(problem: string): ButlerFileReading {
  return { ok: false, problem };
}

/** The library's own words may hold a piece of the file. */
const reasons: Readonly<Partial<Record<YAMLParseError["code"], string>>> = {
  BAD_INDENT: "is not indented as the lines around it",
  BLOCK_AS_IMPLICIT_KEY: "holds a second key and its colon: put a value with a colon in it into quotes",
  BAD_SCALAR_START: "begins a value with a sign that needs quotes around the value",
  BAD_ALIAS: "uses an alias (*name) without a name: put a value that begins with * into quotes",
  BAD_DQ_ESCAPE: "holds a backslash in double quotes: use single quotes around a Windows path",
  DUPLICATE_KEY: "has a key that its section has already: take one of the two away",
  MISSING_CHAR: "misses a closing quote, bracket or colon, or the line before it does",
  MULTIPLE_DOCS: "begins a second document (---): leave one in the file",
  TAB_AS_INDENT: "is indented by a tab: use blanks",
};

function explained({ code, pos: [start] }: YAMLParseError, lineCounter: LineCounter): string {
  const { line, col } = lineCounter.linePos(start);
  const reason = reasons[code] ?? "cannot be read there; look for quotes, colons and indentation";
  return `it is not valid YAML: line ${line}, at column ${col}, ${reason} (${code})`;
}
