/** What a look at one station came to. */
export type Finding =
  | { readonly mark: "ok"; readonly what: string }
  /** `toDo` says how to mend it. */
  | { readonly mark: "FAIL"; readonly what: string; readonly toDo: string }
  /** Nobody knows; `what` says why, and how to know it. */
  | { readonly mark: "-"; readonly what: string };

export function good(what: string): Finding {
  return { mark: "ok", what };
}

export function bad(what: string, toDo: string): Finding {
  return { mark: "FAIL", what, toDo };
}

export function unknown(what: string): Finding {
  return { mark: "-", what };
}
