/**
 * A map that remembers what was used lately and forgets the rest: at most twice `capacity` entries.
 *
 * Two generations instead of a list of uses: a hit among the young costs one look-up and writes nothing, which is what
 * the hot path needs. When the young are full they become the old, and the old of before are dropped.
 * INVARIANT: the `capacity` most recently used entries are always held.
 */
export class RecentMap<V> {
  readonly #capacity: number;
  #young = new Map<string, V>();
  #old = new Map<string, V>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(key: string): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) {
      this.#old.delete(key);
      this.set(key, old);
    }
    return old;
  }

  set(key: string, value: V): void {
    this.#old.delete(key);
    this.#young.set(key, value);
    if (this.#young.size < this.#capacity) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  delete(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  clear(): void {
    this.#young = new Map();
    this.#old = new Map();
  }

  keys(): readonly string[] {
    return [...this.#old.keys(), ...this.#young.keys()];
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }
}
