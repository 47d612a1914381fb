/**
 * What was sent and is not settled, in the order sent: a few hundred at most, settled nearly in their order. A Set makes its table anew over and over
 * where things come and go, and the old ones keep what passed through from being collected early.
 */
export class InFlight<T> {
  #items: (T | undefined)[] = [];
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(item: T): void {
    // What is in front is free once it outweighs the rest.
    if (this.#head > 256 && this.#head * 2 > this.#items.length) {
      this.#items.copyWithin(0, this.#head);
      this.#items.length -= this.#head;
      this.#head = 0;
    }
    this.#items.push(item);
    this.#size++;
  }

  delete(item: T): void {
    const place = this.#items.indexOf(item, this.#head);
    if (place === -1) return;
    this.#items[place] = undefined;
    this.#size--;
    while (this.#head < this.#items.length && this.#items[this.#head] === undefined) this.#head++;
  }

  all(): T[] {
    return this.#items.filter((item) => item !== undefined);
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
    this.#size = 0;
  }
}
