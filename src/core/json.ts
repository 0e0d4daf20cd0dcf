/**
 * JSON with one spelling: object keys sorted by code unit, no insignificant space.
 * Two values that are equal as JSON have the same canonical text, hence the same digest.
 */
import { createHash } from "node:crypto";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Canonical text of a JSON value. Properties whose value is `undefined` are left out, as `JSON.stringify` does. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sortKeys(value));
}

/** The same order, indented for files that people read. Ends with a newline. */
export function prettyJson(value: unknown): string {
  return `${JSON.stringify(sortKeys(value), null, 2)}\n`;
}

/** SHA-256 of the canonical text, in lower-case hexadecimal. */
export function jsonDigest(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

/** The value itself where nothing in it has to move, which saves the copy of long lists. */
function sortKeys(value: unknown): unknown {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) {
    const items = value as readonly unknown[];
    let copy: unknown[] | null = null;
    for (let index = 0; index < items.length; index++) {
      const sorted = sortKeys(items[index]);
      if (sorted !== items[index]) (copy ??= [...items])[index] = sorted;
    }
    return copy ?? items;
  }
  const entries = Object.entries(value);
  // What has a `toJSON`, as dates have, is taken for its own properties.
  let isSorted = [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null);
  let previous = "";
  for (const entry of entries) {
    const [key, item] = entry;
    const sorted = sortKeys(item);
    if (sorted !== item || key < previous) isSorted = false;
    entry[1] = sorted;
    previous = key;
  }
  return isSorted ? value : Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
