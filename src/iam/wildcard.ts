/**
 * IAM's text patterns: `*` is any run of characters, `?` exactly one, `${key}` the value of a context key.
 *
 * In: one pattern text. Out: a compiled pattern, matched from left to right without backtracking beyond the last `*`.
 * Not here: splitting an ARN into parts (resource.ts), what a key is worth (evaluate.ts).
 * Source: IAM user guide, "Policy elements: variables" (`${*}`, `${?}`, `${$}` are the characters themselves).
 * INVARIANT: what a variable resolves to is literal text; a `*` inside it is a `*`.
 */
import { type Result, err, ok } from "../core/index.ts";

const ONE = Symbol("one character");

interface Variable {
  readonly key: string;
  readonly fallback: string | null;
}

type Item = string | typeof ONE | Variable;
/** What stands between two `*`: plain text where it can be, else its items. */
type Chunk = string | readonly Item[];

export interface Pattern {
  readonly chunks: readonly Chunk[];
  readonly hasVariables: boolean;
}

/** The value of a context key, null when it has none or is multivalued. */
export type Resolve = (key: string) => string | null;

// The name of a key may begin with an issuer's host, which may be an address.
const VARIABLE = /^([A-Za-z0-9][^\s,'{}$]*)(?:\s*,\s*'([^']*)')?$/;

export interface PatternOptions {
  /** With `false`, `*` and `?` are ordinary characters. */
  readonly wildcards: boolean;
  /** With `false`, `${` are ordinary characters, as they are in documents of 2008. @default true */
  readonly variables?: boolean;
}

/** Compiles one pattern. The error is what is wrong with the text. */
export function compilePattern(text: string, { wildcards, variables = true }: PatternOptions): Result<Pattern, string> {
  const chunks: Item[][] = [[]];
  let literal = "";
  let hasVariables = false;
  const add = (item: Item): void => {
    const chunk = chunks.at(-1);
    if (literal !== "") chunk?.push(literal);
    literal = "";
    if (item !== "") chunk?.push(item);
  };
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (variables && character === "$" && text.charAt(i + 1) === "{") {
      const end = text.indexOf("}", i);
      if (end === -1) return err("a policy variable has no closing brace");
      const body = text.slice(i + 2, end);
      if (body === "*" || body === "?" || body === "$") literal += body;
      else {
        const parsed = VARIABLE.exec(body);
        if (parsed?.[1] === undefined) return err("a policy variable is not a context key");
        add({ key: parsed[1].toLowerCase(), fallback: parsed[2] ?? null });
        hasVariables = true;
      }
      i = end;
    } else if (character === "*" && wildcards) {
      add("");
      chunks.push([]);
    } else if (character === "?" && wildcards) add(ONE);
    else literal += character;
  }
  add("");
  return ok({ chunks: chunks.map(simplify), hasVariables });
}

function simplify(items: readonly Item[]): Chunk {
  if (items.every((item) => typeof item === "string")) return items.join("");
  return items;
}

/** The pattern with every variable replaced by its literal value; null when one has no value. */
export function bindPattern(pattern: Pattern, resolve: Resolve): Pattern | null {
  if (!pattern.hasVariables) return pattern;
  const chunks: Chunk[] = [];
  for (const chunk of pattern.chunks) {
    if (typeof chunk === "string") {
      chunks.push(chunk);
      continue;
    }
    const items: Item[] = [];
    for (const item of chunk) {
      if (typeof item !== "object") {
        items.push(item);
        continue;
      }
      const value = resolve(item.key) ?? item.fallback;
      if (value === null) return null;
      items.push(value);
    }
    chunks.push(simplify(items));
  }
  return { chunks, hasVariables: false };
}

/** Whether the whole text fits. A pattern with unbound variables fits nothing. */
export function matchPattern(pattern: Pattern, text: string): boolean {
  const { chunks } = pattern;
  const first = chunks[0] ?? "";
  const start = lengthAt(first, text, 0);
  if (start === -1) return false;
  if (chunks.length === 1) return start === text.length;
  const last = chunks[chunks.length - 1] ?? "";
  const end = text.length - chunkLength(last);
  if (end < start || lengthAt(last, text, end) === -1) return false;
  let at = start;
  for (let i = 1; i < chunks.length - 1; i++) {
    const chunk = chunks[i] ?? "";
    const found = findChunk(chunk, text, at, end);
    if (found === -1) return false;
    at = found + chunkLength(chunk);
  }
  return true;
}

/** The text when the pattern is one fixed text, else null. */
export function literalOf(pattern: Pattern): string | null {
  const [only] = pattern.chunks;
  return pattern.chunks.length === 1 && typeof only === "string" ? only : null;
}

/** Every text that fits begins with this. */
export function literalPrefixOf(pattern: Pattern): string {
  const first = pattern.chunks[0] ?? "";
  if (typeof first === "string") return first;
  return typeof first[0] === "string" ? first[0] : "";
}

/** The texts between two slashes, or after the last one, that stand whole in every text that fits; by position. */
export function literalSegmentsOf(pattern: Pattern): (string | null)[] {
  const shown = pattern.chunks.map((chunk) =>
    typeof chunk === "string" ? chunk : chunk.map((item) => (typeof item === "string" ? item : "\0")).join(""),
  );
  return shown
    .join("\0")
    .split("/")
    .map((segment) => (segment.includes("\0") ? null : segment));
}

function chunkLength(chunk: Chunk): number {
  if (typeof chunk === "string") return chunk.length;
  let length = 0;
  for (const item of chunk) length += typeof item === "string" ? item.length : 1;
  return length;
}

/** The chunk's length if it stands at that place, else -1. */
function lengthAt(chunk: Chunk, text: string, at: number): number {
  if (typeof chunk === "string") return text.startsWith(chunk, at) ? chunk.length : -1;
  let position = at;
  for (const item of chunk) {
    if (item === ONE) {
      if (position >= text.length) return -1;
      position += 1;
    } else if (typeof item === "string") {
      if (!text.startsWith(item, position)) return -1;
      position += item.length;
    } else return -1;
  }
  return position - at;
}

/** The leftmost place from `from` at which the chunk stands and ends before `end`, else -1. */
function findChunk(chunk: Chunk, text: string, from: number, end: number): number {
  const lastStart = end - chunkLength(chunk);
  if (typeof chunk === "string") {
    const found = text.indexOf(chunk, from);
    return found > lastStart ? -1 : found;
  }
  for (let at = from; at <= lastStart; at++) if (lengthAt(chunk, text, at) !== -1) return at;
  return -1;
}
