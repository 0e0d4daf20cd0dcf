/**
 * Remembers verified tokens by their whole text: two tokens are never taken for one another, whatever they hash to.
 *
 * Bounded by count and by the characters held. Two generations as in `RecentMap`; a hit among the young writes nothing.
 * INVARIANT: at most twice `maxTokens` tokens and twice `maxChars` characters are held.
 */
export class TokenMemory<V> {
  readonly #maxTokens: number;
  readonly #maxChars: number;
  #young = new Map<string, V>();
  #old = new Map<string, V>();
  #chars = 0;

  constructor(maxTokens: number, maxChars: number) {
    this.#maxTokens = maxTokens;
    this.#maxChars = maxChars;
  }

  get(token: string): V | undefined {
    const young = this.#young.get(token);
    if (young !== undefined) return young;
    const old = this.#old.get(token);
    if (old === undefined) return undefined;
    this.#old.delete(token);
    this.set(token, old);
    return old;
  }

  set(token: string, value: V): void {
    if (token.length > this.#maxChars) return;
    if (this.#young.has(token)) {
      this.#young.set(token, value);
      return;
    }
    if (this.#chars + token.length > this.#maxChars || this.#young.size >= this.#maxTokens) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#chars = 0;
    }
    this.#chars += token.length;
    this.#old.delete(token);
    this.#young.set(token, value);
  }

  delete(token: string): void {
    if (this.#young.delete(token)) this.#chars -= token.length;
    this.#old.delete(token);
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }
}
