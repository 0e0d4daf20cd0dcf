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

/** `__proto__` is a key like any other. */
function define(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== "__proto__") target[key] = value;
  else Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
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
  const properties = value as Readonly<Record<string, unknown>>;
  const keys = Object.keys(properties);
  const prototype = Object.getPrototypeOf(value) as object | null;
  // What has a `toJSON`, as dates have, is taken for its own properties.
  let isSame = prototype === Object.prototype || prototype === null;
  let previous = "";
  for (const key of keys) {
    if (key < previous) {
      isSame = false;
      keys.sort((a, b) => (a < b ? -1 : 1));
      break;
    }
    previous = key;
  }
  // Values are sorted once; a copy is begun where the first of them has changed.
  let copy: Record<string, unknown> | null = isSame ? null : {};
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] as string;
    const item = properties[key];
    const sorted = sortKeys(item);
    if (copy === null) {
      if (sorted === item) continue;
      copy = {};
      for (let before = 0; before < index; before++)
        define(copy, keys[before] as string, properties[keys[before] as string]);
    }
    define(copy, key, sorted);
  }
  return copy ?? value;
}
