/**
 * Paths as patterns over whole segments, the form in which route templates and IAM resources can be compared.
 *
 * A template's `{name}` is exactly one segment; IAM's `*` between slashes is one or more, because it crosses slashes.
 * A path is the list of its segments; `/` is one empty segment, and an empty segment stands only at the end.
 * Not here: which route a path goes to (route-trie.ts, reach.ts).
 */

/** Exactly one segment, not empty. */
export const ONE = 1;
/** One segment or more, of which the last may be empty. */
export const MANY = 2;
export type Token = string | typeof ONE | typeof MANY;
export type Pattern = readonly Token[];

/** A route's path as tokens. `{name+}`, which is always last, is the only `MANY`. */
export function templateOf(path: string): Pattern {
  return path
    .slice(1)
    .split("/")
    .map((segment) => (segment.startsWith("{") ? (segment.endsWith("+}") ? MANY : ONE) : segment));
}

/** The narrowest pattern that IAM can express and that covers this one. */
export function relax(pattern: Pattern): Pattern {
  return pattern.includes(ONE) ? pattern.map((token) => (token === ONE ? MANY : token)) : pattern;
}

/** A relaxed pattern as the path part of an IAM resource. `${*}` is IAM's way to write the character. */
export function resourceText(pattern: Pattern): string {
  return pattern
    .map((token) => (typeof token === "string" ? token.replace(/[*?]/g, (character) => `\${${character}}`) : "*"))
    .join("/");
}

/** A key by which equal patterns are equal. */
export function patternKey(pattern: Pattern): string {
  return pattern.map((token) => (typeof token === "string" ? `=${token}` : String(token))).join("/");
}

const MAX_ALIGNMENTS = 64;

/** Patterns that together hold every path of both; null when there are too many ways to lay one over the other. */
export function intersect(pattern: Pattern, template: Pattern): Pattern[] | null {
  const found: Pattern[] = [];
  const align = (i: number, j: number, sofar: readonly Token[]): boolean => {
    const wanted = template[j];
    if (wanted === MANY) {
      if (i < pattern.length) found.push([...sofar, ...pattern.slice(i)]);
      return found.length <= MAX_ALIGNMENTS;
    }
    const token = pattern[i];
    if (token === undefined || wanted === undefined) {
      if (token === undefined && wanted === undefined) found.push(sofar);
      return found.length <= MAX_ALIGNMENTS;
    }
    if (typeof token === "string" && typeof wanted === "string" && token !== wanted) return true;
    const both = [...sofar, typeof token === "string" ? token : wanted];
    return align(i + 1, j + 1, both) && (token !== MANY || align(i, j + 1, both));
  };
  return align(0, 0, []) ? found : null;
}

/** The pattern as disjoint narrower ones, its first `MANY` taken apart; null when it has none. */
export function split(pattern: Pattern): Pattern[] | null {
  const at = pattern.indexOf(MANY);
  if (at === -1) return null;
  const [before, after] = [pattern.slice(0, at), pattern.slice(at + 1)];
  const parts: Pattern[] = [
    [...before, ONE, ...after],
    [...before, ONE, MANY, ...after],
  ];
  if (after.length === 0) parts.push([...before, ""]);
  return parts;
}
