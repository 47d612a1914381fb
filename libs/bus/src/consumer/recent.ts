/**
 * Remembers which messages of a stream it was told of, among the last `limit` sequences; a message is known by its sequence and by when it was
 * stored. It lies in two arrays of numbers, which the collection of garbage does not walk through.
 */
export class Recent {
  readonly #sequences: Float64Array;
  readonly #storedNs: Float64Array;

  constructor(limit: number) {
    this.#sequences = new Float64Array(limit);
    this.#storedNs = new Float64Array(limit);
  }

  has(sequence: number, storedNs: number): boolean {
    const place = sequence % this.#sequences.length;
    return this.#sequences[place] === sequence && this.#storedNs[place] === storedNs;
  }

  add(sequence: number, storedNs: number): void {
    const place = sequence % this.#sequences.length;
    this.#sequences[place] = sequence;
    this.#storedNs[place] = storedNs;
  }
}
