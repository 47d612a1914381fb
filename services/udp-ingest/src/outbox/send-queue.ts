/**
 * What waits to be sent and what is in flight, in one order. Items are settled nearly in their order, so the one that
 * is looked for is near the front. An array, since a Set that things pass through keeps what it contained from being
 * collected early.
 */
export class SendQueue<T> {
  /** Oldest first; settled ones are undefined until they are in front. */
  #items: (T | undefined)[] = [];
  #head = 0;
  /** Those before it are in flight, the others wait. */
  #next = 0;
  /** None from here on has ever been sent. */
  #unsent = 0;
  #inFlight = 0;
  #waiting = 0;

  get inFlight(): number {
    return this.#inFlight;
  }

  get waiting(): number {
    return this.#waiting;
  }

  push(item: T): void {
    this.#items.push(item);
    this.#waiting++;
  }

  /** The oldest that waits. */
  peek(): T | undefined {
    while (this.#next < this.#items.length && this.#items[this.#next] === undefined) this.#next++;
    return this.#items[this.#next];
  }

  /** Takes the oldest that waits for sending: it is in flight then. */
  send(): T | undefined {
    const item = this.peek();
    if (item === undefined) return undefined;
    this.#next++;
    this.#unsent = Math.max(this.#unsent, this.#next);
    this.#waiting--;
    this.#inFlight++;
    return item;
  }

  /** Takes out one that has been sent; false when it is out already. */
  settle(item: T): boolean {
    const place = this.#items.indexOf(item, this.#head);
    if (place === -1 || place >= this.#unsent) return false;
    if (place < this.#next) this.#inFlight--;
    else this.#waiting--;
    this.#remove(place);
    return true;
  }

  /** Takes out the oldest that waits. */
  drop(): T | undefined {
    const item = this.peek();
    if (item === undefined) return undefined;
    this.#waiting--;
    this.#remove(this.#next++);
    return item;
  }

  /** All that is in flight waits again, in its order. */
  rewind(): void {
    this.#next = this.#head;
    this.#waiting += this.#inFlight;
    this.#inFlight = 0;
  }

  #remove(place: number): void {
    this.#items[place] = undefined; // let go of at once: it may be a large payload
    while (this.#head < this.#items.length && this.#items[this.#head] === undefined) this.#head++;
    this.#next = Math.max(this.#next, this.#head);
    this.#unsent = Math.max(this.#unsent, this.#head);
    if (this.#head <= 256 || this.#head * 2 <= this.#items.length) return;
    // What is in front is free once it outweighs the rest.
    this.#items.copyWithin(0, this.#head);
    this.#items.length -= this.#head;
    this.#next -= this.#head;
    this.#unsent -= this.#head;
    this.#head = 0;
  }
}
