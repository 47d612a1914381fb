/**
 * `unreachable`: no connection, or it broke. `tls`: either side refuses the other's certificate. `not-authorised`:
 * certificate, user or xrfkey are not accepted, or the user may not. `not-found`: no such entity. `refused`: the
 * question is wrong, or a task cannot be started now. `busy`: 429 or 5xx. `timeout`: no answer in time.
 * `invalid-answer`: not what QRS promises. `suspended`: not asked, since it failed again and again a moment ago.
 */
export type RepositoryErrorCode =
  | "unreachable"
  | "tls"
  | "not-authorised"
  | "not-found"
  | "refused"
  | "busy"
  | "timeout"
  | "invalid-answer"
  | "suspended";

type Facts = ErrorOptions & { readonly status?: number; readonly sent?: boolean };

/** A failed question to QRS. The message says what to do; it holds no secret and no key. */
export class RepositoryError extends Error {
  readonly code: RepositoryErrorCode;
  /** The HTTP status, when there was an answer. */
  readonly status: number | undefined;
  /** False = QRS has surely not seen the request, so that nothing can have come of it. */
  readonly sent: boolean;

  constructor(code: RepositoryErrorCode, message: string, { status, sent = true, ...options }: Facts = {}) {
    super(message, options);
    this.name = "RepositoryError";
    this.code = code;
    this.status = status;
    this.sent = sent;
  }
}
