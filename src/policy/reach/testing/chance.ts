/** Chance that can be repeated: the same number gives the same row of choices. */
export interface Chance {
  /** 0 to 1. */
  next(): number;
  pick<T>(from: readonly T[]): T;
  /** True in `share` of the cases. */
  happens(share: number): boolean;
  /** Some of them, in another order. */
  some<T>(from: readonly T[], least?: number): T[];
  shuffle<T>(from: readonly T[]): T[];
}

export function createChance(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const shuffle = <T>(from: readonly T[]): T[] =>
    from
      .map((value) => ({ value, key: next() }))
      .toSorted((a, b) => a.key - b.key)
      .map(({ value }) => value);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] as T;
  return {
    next,
    pick,
    shuffle,
    happens: (share) => next() < share,
    some: (from, least = 0) => shuffle(from).slice(0, least + Math.floor(next() * (from.length - least + 1))),
  };
}
