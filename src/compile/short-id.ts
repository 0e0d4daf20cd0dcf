/**
 * Ids like API Gateway's own: ten of `a-z0-9`, the same each time for the same thing.
 * INVARIANT: two things of one compilation never share an id, even where their hashes begin alike.
 */
import { hash } from "node:crypto";

const LENGTH = 10;

/** Gives out ids; `seed` says what the id is for. */
export type ShortIds = (seed: string) => string;

export function createShortIds(): ShortIds {
  const given = new Set<string>();
  return (seed) => {
    let id = shortHash(seed);
    for (let again = 1; given.has(id); again++) id = shortHash(`${seed}\n${again}`);
    given.add(id);
    return id;
  };
}

function shortHash(seed: string): string {
  const bits = BigInt(`0x${hash("sha256", seed, "hex").slice(0, 16)}`);
  return bits.toString(36).padStart(LENGTH, "0").slice(-LENGTH);
}
