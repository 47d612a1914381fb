/** How something fares; the page shows it by a shape and a colour beside the words. */
export type Tone = "good" | "bad" | "quiet";

/**
 * One value on the page: numbers get separators, times and sizes their units, text is cut and escaped. Undefined =
 * none.
 */
export type Cell =
  | string
  | number
  | undefined
  | { readonly tone: Tone; readonly text: string }
  /** Since 1970. */
  | { readonly atMs: number }
  | { readonly durationMs: number }
  | { readonly bytes: number }
  /** Text as it came from outside; in a table it is on a line of its own below its row, and has no column. */
  | { readonly raw: string };

export type StatusTable = {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Stands in place of no rows, and says what to do. */
  readonly empty: string;
};

export type StatusSection = {
  /** Lower-case words with - between them; no two sections have the same. */
  readonly id: string;
  readonly title: string;
  readonly facts?: readonly (readonly [label: string, value: Cell])[];
  readonly table?: StatusTable;
};

/** Something that a person should know of at once. */
export type Trouble = { readonly text: string; readonly sinceMs?: number };

/** What a service shows of itself at one moment. What of it may be shown to anyone is the service's matter. */
export type StatusSnapshot = {
  readonly sections: readonly StatusSection[];
  readonly troubles?: readonly Trouble[];
  /** What it means for the service that a link is down, by the name of the link. */
  readonly whenDown?: Readonly<Record<string, string>>;
};
