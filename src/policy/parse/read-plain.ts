/**
 * The tree of a text that is written in the plainest part of YAML, as nearly every policy is, in one pass.
 *
 * Out: the tree, or null for whatever is not plain here: then the package `yaml` reads the text and says what is wrong
 * (read-tree.ts). Plain are block mappings and lists, flow mappings and lists, scalars on one line without quotes or
 * in quotes without backslash, comments. Not plain are, among others, anchors, tags, block scalars, tabs, documents.
 * Why it is there: of a policy with 10,000 routes the package takes most of the time and memory of `check`.
 * INVARIANT: a tree that is given is the one that the package gives, place by place; in doubt it is null.
 * Source: YAML 1.2.2; the tests hold both readers against each other.
 */
import { type Entry, MAX_DEPTH, type Tree, kindOfPlain } from "./tree.ts";

const LINE_FEED = 0x0a;
const SPACE = 0x20;
const QUOTE = 0x22;
const HASH = 0x23;
const APOSTROPHE = 0x27;
const COMMA = 0x2c;
const DASH = 0x2d;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_MAPPING = 0x7b;
const CLOSE_MAPPING = 0x7d;

/** Where YAML makes a difference for texts of at least this length. */
const MAX_KEY = 1000;
/** What a scalar without quotes may not begin with here; some of it means something, some would be allowed. */
const NOT_FIRST = new Set(Array.from("?:,[]{}#&*!|>'\"%@`\\", (character) => character.charCodeAt(0)));

/** What goes on in a scalar without a closer look. */
const IN_BLOCK = /[^\n:#]*/y;
const IN_FLOW = /[^\n:#,[\]{}]*/y;

/** The entries of one mapping. Nearly all mappings are small, and a set for each would cost more than all else. */
class Entries {
  readonly list: Entry[] = [];
  #keys: Set<string> | null = null;

  has(key: string): boolean {
    return this.#keys === null ? this.list.some((entry) => entry.key === key) : this.#keys.has(key);
  }

  add(entry: Entry): void {
    this.list.push(entry);
    if (this.#keys !== null) this.#keys.add(entry.key);
    else if (this.list.length > 12) this.#keys = new Set(this.list.map(({ key }) => key));
  }
}

export function readPlainTree(file: string, text: string): Tree | null {
  const { length } = text;
  /** Where the reader stands, and the column of the first character of its line that is not a blank. */
  let at = 0;
  let column = 0;

  const isBlankOrEnd = (index: number): boolean => {
    const code = text.charCodeAt(index);
    return code === SPACE || code === LINE_FEED || index >= length;
  };
  const isDash = (): boolean => text.charCodeAt(at) === DASH && isBlankOrEnd(at + 1);

  function endOfLine(from: number): number {
    const end = text.indexOf("\n", from);
    return end === -1 ? length : end;
  }

  /** From the start of a line to the next content, over blank lines and comments. False at the end of the text. */
  function findContent(): boolean {
    while (at < length) {
      const start = at;
      while (text.charCodeAt(at) === SPACE) at++;
      const code = text.charCodeAt(at);
      if (code === LINE_FEED) at++;
      else if (code === HASH) at = endOfLine(at) + 1;
      else if (at < length) {
        column = at - start;
        return true;
      }
    }
    at = length;
    column = -1;
    return false;
  }

  /** Over blanks, a comment and the line end to the next content; null when something else stands there. */
  function finishLine(): true | null {
    while (text.charCodeAt(at) === SPACE) at++;
    if (at < length && text.charCodeAt(at) !== LINE_FEED) {
      if (text.charCodeAt(at) !== HASH || text.charCodeAt(at - 1) !== SPACE) return null;
      at = endOfLine(at);
    }
    at++;
    findContent();
    return true;
  }

  function spanOf(start: number, end: number): Tree["at"] {
    return { file, start, end };
  }

  /** The first line of what begins at `start`; not further than `end`. */
  function firstLine(start: number, end: number): Tree["at"] {
    let last = Math.min(endOfLine(start), end);
    while (last > start && text.charCodeAt(last - 1) === SPACE) last--;
    return spanOf(start, last);
  }

  function readQuoted(): Tree | null {
    const start = at;
    const quote = text.charCodeAt(at);
    let value = "";
    for (at++; ; at++) {
      const from = at;
      while (at < length && text.charCodeAt(at) !== quote && text.charCodeAt(at) !== LINE_FEED) at++;
      if (text.charCodeAt(at) !== quote) return null;
      value += text.slice(from, at);
      at++;
      if (quote !== APOSTROPHE || text.charCodeAt(at) !== APOSTROPHE) break;
      value += "'";
    }
    if (quote === QUOTE && value.includes("\\")) return null;
    return { kind: "text", text: value, at: spanOf(start, at) };
  }

  /** A key's colon: the reader stands there after a scalar that is a key. */
  const isAtColon = (): boolean => text.charCodeAt(at) === COLON && isBlankOrEnd(at + 1);

  /** A scalar on one line, which may be a key. Inside brackets it ends at commas and brackets too. */
  function readScalar(isInFlow: boolean): Tree | null {
    const start = at;
    const first = text.charCodeAt(at);
    if (first === QUOTE || first === APOSTROPHE) return readQuoted();
    if (NOT_FIRST.has(first) || (first === DASH && !/[A-Za-z0-9.]/.test(text.charAt(at + 1)))) return null;
    const unremarkable = isInFlow ? IN_FLOW : IN_BLOCK;
    for (; ; at++) {
      unremarkable.lastIndex = at;
      unremarkable.test(text);
      at = unremarkable.lastIndex;
      const code = text.charCodeAt(at);
      if (code === HASH) {
        if (text.charCodeAt(at - 1) === SPACE) break;
      } else if (code === COLON) {
        if (isBlankOrEnd(at + 1)) break;
        // A colon right before a bracket or comma ends a key there.
        if (isInFlow && /[,[\]{}]/.test(text.charAt(at + 1))) return null;
      } else if (code === OPEN_LIST || code === OPEN_MAPPING) return null;
      else break;
    }
    const stop = at;
    while (at > start && text.charCodeAt(at - 1) === SPACE) at--;
    // Blanks before a colon are allowed, and nobody writes them.
    if (at === start || (at < stop && text.charCodeAt(stop) === COLON)) return null;
    const source = text.slice(start, at);
    const kind = kindOfPlain(source);
    const span = spanOf(start, at);
    return kind === "nothing" ? { kind, at: span } : { kind, text: source, at: span };
  }

  /** Adds an entry; null when the key is one that readers could take in two ways. */
  function addEntry(entries: Entries, key: Tree, value: Tree): true | null {
    if (key.kind !== "text" || key.text === "<<" || key.text.length > MAX_KEY || entries.has(key.text)) return null;
    entries.add({ key: key.text, keyAt: key.at, value });
    return true;
  }

  /** Over blanks, comments and line ends inside brackets; what follows stands further right than what is around. */
  function skipInFlow(outerColumn: number): true | null {
    for (;;) {
      while (text.charCodeAt(at) === SPACE) at++;
      if (at >= length) return null;
      if (text.charCodeAt(at) === HASH) {
        if (text.charCodeAt(at - 1) !== SPACE) return null;
        at = endOfLine(at);
      }
      if (text.charCodeAt(at) !== LINE_FEED) return true;
      at++;
      if (!findContent() || column <= outerColumn) return null;
    }
  }

  function readFlow(outerColumn: number, depth: number): Tree | null {
    if (depth > MAX_DEPTH) return null;
    const code = text.charCodeAt(at);
    if (code === OPEN_MAPPING) return readFlowMapping(outerColumn, depth);
    if (code === OPEN_LIST) return readFlowList(outerColumn, depth);
    const scalar = readScalar(true);
    return isAtColon() ? null : scalar;
  }

  function readFlowList(outerColumn: number, depth: number): Tree | null {
    const start = at++;
    const items: Tree[] = [];
    for (;;) {
      if (skipInFlow(outerColumn) === null) return null;
      if (text.charCodeAt(at) === CLOSE_LIST) break;
      const item = readFlow(outerColumn, depth + 1);
      if (item === null || skipInFlow(outerColumn) === null) return null;
      items.push(item);
      if (text.charCodeAt(at) === COMMA) at++;
      else if (text.charCodeAt(at) !== CLOSE_LIST) return null;
    }
    at++;
    return { kind: "list", items, at: firstLine(start, at) };
  }

  function readFlowMapping(outerColumn: number, depth: number): Tree | null {
    const start = at++;
    const entries = new Entries();
    for (;;) {
      if (skipInFlow(outerColumn) === null) return null;
      if (text.charCodeAt(at) === CLOSE_MAPPING) break;
      const key = readScalar(true);
      if (key === null || !isAtColon()) return null;
      at++;
      if (skipInFlow(outerColumn) === null) return null;
      const next = text.charCodeAt(at);
      const isNothing = (next === COMMA || next === CLOSE_MAPPING) && depth < MAX_DEPTH;
      const value: Tree | null = isNothing ? { kind: "nothing", at: key.at } : readFlow(outerColumn, depth + 1);
      if (value === null || addEntry(entries, key, value) === null) return null;
      if (skipInFlow(outerColumn) === null) return null;
      if (text.charCodeAt(at) === COMMA) at++;
      else if (text.charCodeAt(at) !== CLOSE_MAPPING) return null;
    }
    at++;
    return { kind: "mapping", entries: entries.list, at: firstLine(start, at) };
  }

  /** What stands on its own lines, its first character at `own`. */
  function readBlock(own: number, depth: number): Tree | null {
    if (depth > MAX_DEPTH) return null;
    if (isDash()) return readList(own, depth);
    const key = readScalar(false);
    return key === null || !isAtColon() ? null : readMapping(own, depth, key);
  }

  function readMapping(own: number, depth: number, firstKey: Tree): Tree | null {
    const entries = new Entries();
    for (let key = firstKey; ;) {
      at++;
      const value = readValue(own, depth, key);
      if (value === null || addEntry(entries, key, value) === null) return null;
      if (column < own) break;
      const next = column > own || isDash() ? null : readScalar(false);
      if (next === null || !isAtColon()) return null;
      key = next;
    }
    return { kind: "mapping", entries: entries.list, at: firstLine(firstKey.at.start, length) };
  }

  /** What follows a key's colon, up to the next content. */
  function readValue(own: number, depth: number, key: Tree): Tree | null {
    while (text.charCodeAt(at) === SPACE) at++;
    if (isEndOfContent()) {
      if (finishLine() === null) return null;
      if (column > own) return readBlock(column, depth + 1);
      if (column === own && isDash()) return depth + 1 > MAX_DEPTH ? null : readList(own, depth + 1);
      return depth + 1 > MAX_DEPTH ? null : { kind: "nothing", at: key.at };
    }
    return isDash() ? null : readInline(own, depth + 1);
  }

  /** A value that begins on the line of its key or dash and is not a block. */
  function readInline(own: number, depth: number): Tree | null {
    const code = text.charCodeAt(at);
    const isFlow = code === OPEN_LIST || code === OPEN_MAPPING;
    const value = isFlow ? readFlow(own, depth) : depth > MAX_DEPTH ? null : readScalar(false);
    // What goes on further right would be a part of the value.
    return value === null || isAtColon() || finishLine() === null || column > own ? null : value;
  }

  function readList(own: number, depth: number): Tree | null {
    const start = at;
    const place = firstLine(start, length);
    const items: Tree[] = [];
    for (;;) {
      const lineStart = at - own;
      at++;
      while (text.charCodeAt(at) === SPACE) at++;
      const item = readItem(own, at - lineStart, depth + 1, place);
      if (item === null) return null;
      items.push(item);
      if (column < own || (column === own && !isDash())) break;
      if (column > own) return null;
    }
    return { kind: "list", items, at: place };
  }

  /** What follows a dash; `inner` is the column of what stands on its line. */
  function readItem(own: number, inner: number, depth: number, place: Tree["at"]): Tree | null {
    if (depth > MAX_DEPTH) return null;
    if (isEndOfContent()) {
      if (finishLine() === null) return null;
      return column > own ? readBlock(column, depth) : { kind: "nothing", at: place };
    }
    if (isDash()) return readList(inner, depth);
    const start = at;
    const code = text.charCodeAt(at);
    if (code !== OPEN_LIST && code !== OPEN_MAPPING) {
      const scalar = readScalar(false);
      if (scalar === null) return null;
      if (isAtColon()) return readMapping(inner, depth, scalar);
      at = start;
    }
    return readInline(own, depth);
  }

  function isEndOfContent(): boolean {
    const code = text.charCodeAt(at);
    return at >= length || code === LINE_FEED || (code === HASH && text.charCodeAt(at - 1) === SPACE);
  }

  if (/[\t\r\ufeff]|^(?:%|---|\.\.\.)/m.test(text) || !findContent()) return null;
  const root = readBlock(column, 0);
  return root !== null && at >= length ? root : null;
}
