/** Numbers that look random and are the same each time for the same seed. */
export interface Random {
  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number;
  /** True in `percent` of 100 cases. */
  chance(percent: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** Different entries, from `least` to `most` of them, in the order of the list. */
  some<T>(list: readonly T[], least: number, most: number): T[];
}

/** SOURCE: mulberry32, public domain. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  const pick = <T>(list: readonly T[]): T => {
    if (list.length === 0) throw new Error("there is nothing to pick");
    return list[below(list.length)] as T;
  };
  return {
    below,
    chance: (percent) => below(100) < percent,
    pick,
    some(list, least, most) {
      const wanted = Math.min(list.length, least + below(most - least + 1));
      const left = [...list.keys()];
      while (left.length > wanted) left.splice(below(left.length), 1);
      return left.map((index) => list[index] as (typeof list)[number]);
    },
  };
}
