/** Remembers the last `limit` keys that were added. */
export class Recent {
  readonly #keys = new Set<string>();
  /** In the order added, in a circle: a Set that is emptied at its front is slow to find its new one. */
  readonly #order: string[] = [];
  readonly #limit: number;
  #next = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  add(key: string): void {
    if (this.#keys.has(key)) return;
    const oldest = this.#order[this.#next];
    if (oldest !== undefined) this.#keys.delete(oldest);
    this.#order[this.#next] = key;
    this.#keys.add(key);
    this.#next = (this.#next + 1) % this.#limit;
  }
}
