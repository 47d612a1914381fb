/**
 * The pull request under way, and how many messages it may still bring. There is one at a time: NATS serves several by
 * turns without saying which of them a message answers, and says nothing when one is used up.
 */
export class OpenPull {
  #reply = "";
  #remaining = 0;
  #deadlineMs = 0;

  get remaining(): number {
    return this.#remaining;
  }

  /** `reply` is the subject on which NATS says that the request has ended; `deadlineMs` is when it must have said so. */
  opened(reply: string, batch: number, deadlineMs: number): void {
    this.#reply = reply;
    this.#remaining = batch;
    this.#deadlineMs = deadlineMs;
  }

  /** A message came: one of this request, or a late one of a request before, which is not counted below zero. */
  served(): void {
    if (this.#remaining > 0) this.#remaining--;
  }

  /** NATS said on `reply` that a request is over. False if that is no longer the open one. */
  ended(reply: string): boolean {
    if (this.#remaining === 0 || reply !== this.#reply) return false;
    this.#remaining = 0;
    return true;
  }

  /** Whether NATS should have spoken by now, and has not. */
  overdue(nowMs: number): boolean {
    return this.#remaining > 0 && nowMs >= this.#deadlineMs;
  }

  clear(): void {
    this.#remaining = 0;
  }
}
