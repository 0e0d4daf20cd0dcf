/**
 * Quantities as people write them, kept with their unit.
 * `parse*` reads one text and returns null for anything else; the caller says where it stood.
 */

/** A token bucket: `ratePerSecond` tokens flow in each second, at most `burst` are held. */
export interface Rate {
  readonly ratePerSecond: number;
  readonly burst: number;
}
