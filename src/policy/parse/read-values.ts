/**
 * Readers of single values and plain structures. Each gives the value, or null after it has reported why not.
 * `what` is how a message calls the value, in the user's words (`throttle`, `upstream`).
 */
import { type Rate, type Span, findNearest, parseDuration, parseRate, parseSize, suggest } from "../../core/index.ts";
import type { Located } from "../policy.ts";
import { findInvisible } from "./invisible.ts";
import type { Entry, Tree } from "./read-tree.ts";
import { type Report, quote, quoteAll } from "./report.ts";

const MAX_TEXT = 1024;
/** Keys that are looked at for slips. */
const MAX_UNKNOWN = 20;
const NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
const MAX_NAME = 48;

/** Regular expressions and wildcards, in texts that are compared whole. A final `$` ends names of machines. */
export function looksLikePattern(text: string): boolean {
  return text.includes("*") || text.startsWith("^");
}

/** The entries of a mapping by the keys of the language. */
export interface Fields<K extends string> {
  readonly at: Span;
  /** Keys were found that the language does not have: what seems to be missing may only be misspelled. */
  readonly hasUnknown: boolean;
  /** Whether a key that the language does not have is most likely meant to be this one. */
  isMisspelled(key: K): boolean;
  of(key: K): Tree | null;
  keyAt(key: K): Span;
}

/**
 * A mapping with known keys. `required` gives for each key an example of what to write; `owner` is where to point
 * when one is missing.
 */
export function readFields<R extends string, O extends string = never>(
  report: Report,
  tree: Tree,
  what: string,
  owner: Span,
  keys: {
    readonly required: Readonly<Record<R, string>>;
    readonly optional?: readonly O[];
    /** For a key that is not known here. */
    readonly hintFor?: (key: string) => string | null;
  },
): Fields<R | O> | null {
  const language = languageOf(keys);
  if (tree.kind !== "mapping") {
    const known = quoteAll(language.known);
    reportKind(report, "parse/expected-mapping", tree, what, "a mapping", `a mapping with ${known}`);
    return null;
  }
  const fields = new FieldsOfMapping<R | O>(tree, owner, language.known);
  for (const { key, keyAt } of fields.unknown)
    report.add("parse/unknown-key", keyAt, `${what} has no key ${quote(key)}`, {
      hint: () => keys.hintFor?.(key) ?? suggest(key, language.known),
    });
  for (const [key, example] of language.required)
    // For a key that is misspelled, one finding is enough.
    if (fields.of(key as R) === null && !fields.isMisspelled(key as R))
      report.add("parse/missing-key", owner, `${what} lacks \`${key}\``, { hint: `add \`${example}\`` });
  return fields;
}

/** A class, because there is one for nearly every mapping of a policy, and closures for each would cost more. */
class FieldsOfMapping<K extends string> implements Fields<K> {
  readonly at: Span;
  readonly unknown: readonly Entry[];
  readonly #entries: readonly Entry[];
  readonly #owner: Span;
  readonly #known: readonly string[];
  /** Pays for itself only where there are more entries than the language has keys. */
  readonly #byKey: ReadonlyMap<string, Entry> | null;

  constructor(tree: Extract<Tree, { kind: "mapping" }>, owner: Span, known: readonly string[]) {
    this.at = tree.at;
    this.#entries = tree.entries;
    this.#owner = owner;
    this.#known = known;
    this.#byKey = tree.entries.length > MAX_UNKNOWN ? new Map(tree.entries.map((entry) => [entry.key, entry])) : null;
    const isKnown = ({ key }: Entry): boolean => known.includes(key);
    this.unknown = tree.entries.every(isKnown) ? NO_ENTRIES : tree.entries.filter((entry) => !isKnown(entry));
  }

  get hasUnknown(): boolean {
    return this.unknown.length > 0;
  }

  of(key: K): Tree | null {
    return this.#find(key)?.value ?? null;
  }

  keyAt(key: K): Span {
    return this.#find(key)?.keyAt ?? this.#owner;
  }

  isMisspelled(key: K): boolean {
    if (!this.hasUnknown || this.#find(key) !== undefined) return false;
    return this.unknown.slice(0, MAX_UNKNOWN).some((entry) => findNearest(entry.key, this.#known) === key);
  }

  #find(key: string): Entry | undefined {
    if (this.#byKey !== null) return this.#byKey.get(key);
    for (let i = 0; i < this.#entries.length; i++) if (this.#entries[i]?.key === key) return this.#entries[i];
    return undefined;
  }
}

const NO_ENTRIES: readonly Entry[] = [];

/** What a list of keys says, made once. */
interface Language {
  readonly known: readonly string[];
  readonly required: readonly (readonly [key: string, example: string])[];
}

const languages = new WeakMap<object, Language>();

function languageOf(keys: Parameters<typeof listKeys>[0]): Language {
  let language = languages.get(keys);
  if (language === undefined)
    languages.set(keys, (language = { known: listKeys(keys), required: Object.entries(keys.required) }));
  return language;
}

export function listKeys(keys: {
  readonly required: Readonly<Record<string, string>>;
  readonly optional?: readonly string[];
}): readonly string[] {
  return [...Object.keys(keys.required), ...(keys.optional ?? [])];
}

/** The entries of a mapping whose keys are the user's. Names that are not well formed are reported and kept. */
export function readNamed(
  report: Report,
  tree: Tree,
  what: string,
  item: string,
  options: { readonly mayBeEmpty: boolean; readonly example: string },
): readonly Entry[] {
  if (tree.kind !== "mapping") {
    if (tree.kind === "nothing") reportEmpty(report, tree.at, what, options.example);
    else reportKind(report, "parse/expected-mapping", tree, what, "a mapping", `a mapping of ${item} names`);
    return [];
  }
  if (tree.entries.length === 0 && !options.mayBeEmpty) reportEmpty(report, tree.at, what, options.example);
  for (const { key, keyAt } of tree.entries) checkName(report, key, keyAt, item);
  return tree.entries;
}

function reportEmpty(report: Report, at: Span, what: string, example: string): void {
  report.add("parse/empty-mapping", at, `${what} is empty`, { hint: `add \`${example}\`` });
}

export function checkName(report: Report, name: string, at: Span, item: string): void {
  if (name.length <= MAX_NAME && NAME.test(name)) return;
  const better = name
    .replace(/([a-z])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "")
    .slice(0, MAX_NAME)
    .replace(/-+$/, "");
  report.add("parse/name", at, `${quote(name)} is not a name for ${withArticle(item)}`, {
    hint: `lower-case letters, digits and single hyphens, at most ${MAX_NAME}${better === "" ? "" : `: \`${better}\``}`,
  });
}

/** A text. Never repeats the value, which may be a secret in the wrong place. */
export function readText(report: Report, tree: Tree | null, what: string): Located<string> | null {
  if (tree === null) return null;
  if (tree.kind !== "text") {
    reportKind(report, "parse/expected-text", tree, what, "a text", "a text");
    return null;
  }
  return checkText(report, tree.text, tree.at, what) ? { value: tree.text, at: tree.at } : null;
}

/** Whether a reader sees all of a text, a key among them. */
export function checkText(report: Report, text: string, at: Span, what: string): boolean {
  const invisible = text.length > MAX_TEXT ? null : findInvisible(text);
  if (text.trim() !== "" && text.length <= MAX_TEXT && invisible === null) return true;
  if (text.trim() === "" && invisible === null)
    report.add("parse/empty-text", at, `${what} is empty`, { hint: "write something, or remove the key" });
  else if (invisible === null)
    report.add("parse/text", at, `${what} has more than ${MAX_TEXT} characters`, { hint: "write a shorter text" });
  else if (/[\t\n]/.test(text.charAt(invisible.index))) {
    const problem = text.charAt(invisible.index) === "\t" ? "holds a tab" : "goes over several lines";
    report.add("parse/text", at, `${what} ${problem}`, { hint: "write one line of plain text" });
  } else report.add("parse/text", at, `${what} ${invisible.problem}`, { hint: invisible.hint });
  return false;
}

export function readBoolean(report: Report, tree: Tree | null, what: string, otherwise: boolean): boolean {
  if (tree === null) return otherwise;
  if (tree.kind === "boolean") return tree.text.toLowerCase() === "true";
  reportKind(report, "parse/expected-boolean", tree, what, "`true` or `false`", "`true` or `false`");
  return otherwise;
}

/** One of `choices`; `others` are what else may stand there, for the hint. */
export function readChoice<T extends string>(
  report: Report,
  tree: Tree | null,
  what: string,
  choices: readonly T[],
  others: readonly string[] = [],
): T | null {
  const text = readText(report, tree, what);
  if (text === null) return null;
  const chosen = choices.find((choice) => choice === text.value);
  if (chosen === undefined)
    report.add("parse/choice", text.at, `${what} cannot be ${quote(text.value)}`, {
      hint: `write ${orList([...choices, ...others])}`,
    });
  return chosen ?? null;
}

/** The items of a list; null when it is none. */
export function readList(
  report: Report,
  tree: Tree | null,
  what: string,
  options: { readonly mayBeEmpty: boolean },
): readonly Tree[] | null {
  if (tree === null) return null;
  if (tree.kind !== "list") {
    const isWord = tree.kind === "text" || tree.kind === "number";
    const example = isWord ? ` \`[${tree.text.length > 40 ? "..." : tree.text}]\`` : "";
    reportKind(report, "parse/expected-list", tree, what, "a list", `a list${example}`);
    return null;
  }
  if (tree.items.length === 0 && !options.mayBeEmpty)
    report.add("parse/empty-list", tree.at, `${what} is empty`, { hint: "add an entry, or remove the key" });
  return tree.items;
}

/** A list of texts; entries that stand twice are reported and kept once. */
export function readTexts(
  report: Report,
  tree: Tree | null,
  what: string,
  options: { readonly mayBeEmpty: boolean },
): readonly Located<string>[] {
  const texts = new Map<string, Located<string>>();
  for (const item of readList(report, tree, what, options) ?? []) {
    const text = readText(report, item, `an entry of ${what}`);
    if (text === null) continue;
    const first = texts.get(text.value);
    if (first === undefined) texts.set(text.value, text);
    else
      report.add("parse/duplicate-entry", text.at, `${quote(text.value)} stands twice in ${what}`, {
        hint: "remove one of them",
        related: [{ message: "first here", span: first.at }],
      });
  }
  return [...texts.values()];
}

/** A text, or a number as it is spelled: somebody forgot its unit or its quotes. */
export function readSpelling(report: Report, tree: Tree | null, what: string): Located<string> | null {
  return tree?.kind === "number" ? { value: tree.text, at: tree.at } : readText(report, tree, what);
}

function isWhole(text: string): boolean {
  return /^\d{1,12}$/.test(text);
}

/** Milliseconds. Both limits may be reached. */
export function readDuration(
  report: Report,
  tree: Tree | null,
  what: string,
  limits: { readonly minMs: number; readonly maxMs: number; readonly range: string },
): number | null {
  if (tree === null) return null;
  const text = readSpelling(report, tree, what);
  if (text === null) return null;
  const ms = parseDuration(text.value);
  if (ms === null) {
    report.add("parse/duration", text.at, `${quote(text.value)} is not a duration`, {
      hint: `write a whole number and a unit: \`${isWhole(text.value) ? `${text.value} seconds` : "10 seconds"}\`, \`250 ms\`, \`30 minutes\``,
    });
    return null;
  }
  if (ms >= limits.minMs && ms <= limits.maxMs) return ms;
  report.add("parse/range", text.at, `${what} cannot be ${quote(text.value)}`, { hint: `write ${limits.range}` });
  return null;
}

export function readRate(report: Report, tree: Tree | null, what: string): Rate | null {
  if (tree === null) return null;
  const text = readSpelling(report, tree, what);
  if (text === null) return null;
  const rate = parseRate(text.value);
  if (rate === null)
    report.add("parse/rate", text.at, `${quote(text.value)} is not a rate`, {
      hint: "write `50/second burst 100`; units are second, minute and hour",
    });
  return rate;
}

/** Bytes. Both limits may be reached. */
export function readSize(
  report: Report,
  tree: Tree | null,
  what: string,
  limits: { readonly maxBytes: number; readonly range: string },
): number | null {
  if (tree === null) return null;
  const text = readSpelling(report, tree, what);
  if (text === null) return null;
  const bytes = parseSize(text.value);
  if (bytes === null)
    report.add("parse/size", text.at, `${quote(text.value)} is not a size`, {
      hint: hintForSize(text.value),
    });
  else if (bytes > limits.maxBytes)
    report.add("parse/range", text.at, `${what} cannot be ${quote(text.value)}`, { hint: `write ${limits.range}` });
  else return bytes;
  return null;
}

function hintForSize(written: string): string {
  const [, count, letter = "", kind = ""] = /^(\d{1,12}) ?([kmg])(i?)b$/i.exec(written) ?? [];
  if (count !== undefined) return `write \`${count} ${letter.toUpperCase()}${kind.toLowerCase()}B\``;
  return `write a whole number and a unit: \`${isWhole(written) ? `${written} bytes` : "512 KiB"}\`, \`5 MB\`, \`5 MiB\``;
}

/** A whole number from 0 to `max`. */
export function readCount(report: Report, tree: Tree | null, what: string, max: number): number | null {
  if (tree === null) return null;
  if (tree.kind === "number" && /^(?:0|[1-9]\d*)$/.test(tree.text) && Number(tree.text) <= max)
    return Number(tree.text);
  report.add("parse/range", tree.at, `${what} is not a whole number up to ${max}`, { hint: `write 0 to ${max}` });
  return null;
}

const INSTANT = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2}))?$/;

/** Milliseconds since the epoch; a date is its first moment in UTC. */
export function readInstant(report: Report, tree: Tree | null, what: string): number | null {
  const text = readSpelling(report, tree, what);
  if (text === null) return null;
  // RFC 3339 has no hour 24, some engines have.
  const ms = INSTANT.test(text.value) && !text.value.includes("T24") ? Date.parse(text.value) : Number.NaN;
  // Days that no month has are moved on by some engines instead of being refused.
  const day = Date.parse(`${text.value.slice(0, 10)}T00:00:00Z`);
  if (!Number.isNaN(ms) && !Number.isNaN(day) && new Date(day).toISOString().startsWith(text.value.slice(0, 10)))
    return ms;
  report.add("parse/instant", text.at, `${quote(text.value)} is not a date`, {
    hint: "write `2027-01-31`, or with a time and its offset `2027-01-31T08:00:00Z`",
  });
  return null;
}

/** One value of a claim or parameter, or a list of these: texts, whole numbers and truth values, each as its text. */
export function readValues(report: Report, tree: Tree | null, what: string): readonly Located<string>[] {
  if (tree === null) return [];
  const items = tree.kind === "list" ? (readList(report, tree, what, { mayBeEmpty: false }) ?? []) : [tree];
  const values = new Map<string, Located<string>>();
  for (const item of items) {
    const value = readValue(report, item, tree.kind === "list" ? `an entry of ${what}` : what);
    if (value !== null && !values.has(value.value)) values.set(value.value, value);
    else if (value !== null)
      report.add("parse/duplicate-entry", value.at, `${quote(value.value)} stands twice in ${what}`, {
        hint: "remove one of them",
        related: [{ message: "first here", span: values.get(value.value)?.at ?? value.at }],
      });
  }
  return [...values.values()];
}

/** A number counts in the spelling that JSON has for it; in another one it is refused. */
function readValue(report: Report, tree: Tree, what: string): Located<string> | null {
  if (tree.kind === "boolean") return { value: tree.text.toLowerCase(), at: tree.at };
  if (tree.kind === "number" && String(Number(tree.text)) === tree.text) return { value: tree.text, at: tree.at };
  if (tree.kind === "text" || tree.kind === "number") return readText(report, tree, what);
  reportKind(report, "parse/expected-text", tree, what, "a value", "a text, a whole number, `true` or `false`");
  return null;
}

export function orList(words: readonly string[]): string {
  return words.map((word) => `\`${word}\``).join(" or ");
}

function withArticle(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? "an" : "a"} ${noun}`;
}

function reportKind(
  report: Report,
  id: "parse/expected-mapping" | "parse/expected-list" | "parse/expected-text" | "parse/expected-boolean",
  tree: Tree,
  what: string,
  wanted: string,
  example: string,
): void {
  const inQuotes = id === "parse/expected-text" && (tree.kind === "number" || tree.kind === "boolean");
  report.add(id, tree.at, `${what} is ${describeKind(tree)} instead of ${wanted}`, {
    hint: inQuotes ? "put the value in quotes" : `write ${example}`,
  });
}

function describeKind(tree: Tree): string {
  switch (tree.kind) {
    case "mapping":
    case "list":
    case "text":
      return `a ${tree.kind}`;
    case "number":
      return "a number";
    case "boolean":
      return "a truth value";
    case "nothing":
      return "empty";
  }
  return tree satisfies never;
}
