/** What one step of the check came to. */
export type Finding =
  | { readonly ok: true; readonly what: string }
  /** `toDo` says how to mend it. */
  | { readonly ok: false; readonly what: string; readonly toDo: string };

export type Step = {
  readonly name: string;
  /** Does not reject. */
  readonly look: () => Promise<Finding>;
  /** What comes after it makes sense although it failed. */
  readonly goOn?: boolean;
};

export function good(what: string): Finding {
  return { ok: true, what };
}

export function bad(what: string, toDo: string): Finding {
  return { ok: false, what, toDo };
}
