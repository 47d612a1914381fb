/** No key is like this one, not even another of its kind. */
const free = Number.NaN;
const firstSize = 64;

/**
 * A map from numbers, in two arrays that grow and never shrink. A Map allocates its tables again and again where keys
 * come and go, and each old one holds the next and what was in it: once one of them counts as old to the collection of
 * garbage, all that passes through the map does.
 */
export class NumberMap<V> {
  #keys = new Float64Array(firstSize).fill(free);
  #values: (V | undefined)[] = new Array(firstSize).fill(undefined);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: number): V | undefined {
    return this.#values[this.#placeOf(key)];
  }

  set(key: number, value: V): void {
    if (this.#size * 2 >= this.#keys.length) this.#grow();
    const place = this.#placeOf(key);
    if (this.#values[place] === undefined) this.#size++;
    this.#keys[place] = key;
    this.#values[place] = value;
  }

  delete(key: number): void {
    let hole = this.#placeOf(key);
    if (this.#values[hole] === undefined) return;
    this.#size--;
    const mask = this.#keys.length - 1;
    // Who stood behind it because their own place was taken moves up.
    for (let place = (hole + 1) & mask; this.#values[place] !== undefined; place = (place + 1) & mask) {
      const wanted = this.#firstPlaceOf(this.#keys[place] as number);
      if (((place - wanted) & mask) < ((place - hole) & mask)) continue;
      this.#keys[hole] = this.#keys[place] as number;
      this.#values[hole] = this.#values[place];
      hole = place;
    }
    this.#keys[hole] = free;
    this.#values[hole] = undefined;
  }

  /** In no particular order, and as they are now: what is changed meanwhile is not seen. */
  values(): V[] {
    return this.#values.filter((value) => value !== undefined);
  }

  clear(): void {
    this.#keys.fill(free);
    this.#values.fill(undefined);
    this.#size = 0;
  }

  /** Where the key is, or would go. */
  #placeOf(key: number): number {
    const mask = this.#keys.length - 1;
    let place = this.#firstPlaceOf(key);
    while (this.#values[place] !== undefined && this.#keys[place] !== key) place = (place + 1) & mask;
    return place;
  }

  #firstPlaceOf(key: number): number {
    // The low bits of large numbers are all the same.
    return (key % 4_294_967_291) & (this.#keys.length - 1);
  }

  #grow(): void {
    const [keys, values] = [this.#keys, this.#values];
    this.#keys = new Float64Array(keys.length * 2).fill(free);
    this.#values = new Array(keys.length * 2).fill(undefined);
    this.#size = 0;
    values.forEach((value, place) => {
      if (value !== undefined) this.set(keys[place] as number, value);
    });
  }
}
