/** One line of the table: what was measured, compared with its goal. */
export interface Row {
  readonly row: string;
  readonly work: string;
  readonly measured: string;
  readonly goal: string;
  readonly reached: boolean;
  /** The figures behind it, for the JSON. */
  readonly figures: Readonly<Record<string, unknown>>;
}

export function thousands(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** The value below which the given share of the sorted values lie. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
