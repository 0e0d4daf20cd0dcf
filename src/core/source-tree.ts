/**
 * A YAML or JSON file that others wrote, as plain values that all know their place.
 *
 * In: the text, and the name that its findings give. Out: the tree, or what keeps it from being read. Nothing is thrown.
 * Takes what such files really have: anchors, aliases and merge keys; tags of programs that fill in a file first
 * (CloudFormation) are named as such. A policy is read by the stricter reader of src/policy.
 * Source: YAML 1.2.2; RFC 6901 for the pointers.
 * INVARIANT: time and memory are bounded by the size of the text; an alias may not expand it beyond `MAX_NODES`.
 */
import {
  type Document,
  type Node,
  type Pair,
  type YAMLError,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
} from "yaml";
import type { Diagnostic, Span } from "./diagnostic.ts";
import { quoted } from "./quote.ts";

export type SourceTree =
  | { readonly kind: "mapping"; readonly entries: readonly SourceEntry[]; readonly at: Span }
  | { readonly kind: "list"; readonly items: readonly SourceTree[]; readonly at: Span }
  /** `text` of what is not a text is its spelling in the file. */
  | { readonly kind: "text" | "number" | "boolean"; readonly text: string; readonly at: Span }
  | { readonly kind: "nothing"; readonly at: Span };

export interface SourceEntry {
  readonly key: string;
  readonly keyAt: Span;
  readonly value: SourceTree;
}

export interface ReadSource {
  /** Null when the text cannot be read; then there is an error. */
  readonly tree: SourceTree | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** What API Gateway takes of one document, and more than any of ours has. */
const MAX_BYTES = 6 * 1024 * 1024;
const MAX_NODES = 500_000;
const MAX_DEPTH = 64;
const MAX_PROBLEMS = 20;
/** Bytes that were no UTF-8 stand in the text as U+FFFD. */
const NOT_TEXT = /\p{Cc}(?<![\t\n\r\u0085])|\ufffd/u;

export function readSourceTree(file: string, text: string): ReadSource {
  const problem = (id: string, at: Span, message: string, hint: string): Diagnostic => ({
    id,
    severity: "error",
    message,
    span: at,
    hint,
  });
  const whole = { file, start: 0, end: 0 };
  const fail = (id: string, at: Span, message: string, hint: string): ReadSource => ({
    tree: null,
    diagnostics: [problem(id, at, message, hint)],
  });
  if (text.length > MAX_BYTES || Buffer.byteLength(text) > MAX_BYTES)
    return fail("file/too-large", whole, `the file has more than ${MAX_BYTES} bytes`, "leave out what is not needed");
  const bad = NOT_TEXT.exec(text);
  if (bad !== null)
    return fail(
      "file/not-text",
      { file, start: bad.index, end: bad.index + 1 },
      "the file is not UTF-8 text",
      "save it as UTF-8",
    );
  const deep = findTooDeep(text);
  if (deep !== null)
    return fail(
      "file/too-deep",
      { file, start: deep, end: deep + 1 },
      `more than ${MAX_DEPTH} levels stand inside each other`,
      "check brackets and indentation",
    );
  const document = parseDocument(text, {
    version: "1.2",
    schema: "core",
    uniqueKeys: true,
    prettyErrors: false,
    logLevel: "error",
  });
  const exhausted = document.errors.find(({ code }) => code === "RESOURCE_EXHAUSTION");
  if (exhausted !== undefined)
    return fail(
      "file/too-deep",
      { file, start: exhausted.pos[0], end: exhausted.pos[1] },
      `more than ${MAX_DEPTH} levels stand inside each other`,
      "check brackets and indentation",
    );
  if (document.errors.length > 0)
    return {
      tree: null,
      diagnostics: document.errors.slice(0, MAX_PROBLEMS).map((error) => {
        const { message, hint } = describeYaml(error);
        return problem("file/syntax", { file, start: error.pos[0], end: error.pos[1] }, message, hint);
      }),
    };
  if (document.contents === null) return fail("file/empty", whole, "the file is empty", "write a document into it");
  const reading: Reading = { file, text, document, nodes: 0, targets: new Map(), problems: [] };
  const tree = toTree(reading, document.contents, whole, 0);
  const diagnostics = reading.problems.slice(0, MAX_PROBLEMS);
  return { tree: diagnostics.length > 0 ? null : tree, diagnostics };
}

interface Reading {
  readonly file: string;
  readonly text: string;
  readonly document: Document;
  nodes: number;
  /** Looking for an anchor takes a walk through the document, and what is repeated is asked for again and again. */
  readonly targets: Map<Node, Node>;
  readonly problems: Diagnostic[];
}

function report(reading: Reading, id: string, at: Span, message: string, hint: string): void {
  reading.problems.push({ id, severity: "error", message, span: at, hint });
}

/**
 * Where brackets or signs open more levels than are taken: the parser of YAML would go as deep as the text asks it to.
 * Null for a text that is sane.
 */
function findTooDeep(text: string): number | null {
  let depth = 0;
  let quote = "";
  let signs = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (quote !== "") {
      if (character === "\\" && quote === '"') at++;
      else if (character === quote) quote = "";
      continue;
    }
    if (character === "\n") signs = 0;
    else if (character === '"' && /[\s,[{:]/.test(text.charAt(at - 1) || " ")) quote = '"';
    else if (character === "[" || character === "{") depth++;
    else if (character === "]" || character === "}") depth = Math.max(0, depth - 1);
    else if ((character === "-" || character === "?") && /^\s?$/.test(text.charAt(at + 1))) signs++;
    if (depth > 4 * MAX_DEPTH || signs > 2 * MAX_DEPTH) return at;
  }
  return null;
}

const TAG_OF_CLOUDFORMATION = /^!(?:Ref|Sub|GetAtt|Join|If|ImportValue|Select|Split|FindInMap|Base64|Transform)\b/;

function toTree(reading: Reading, node: Node | null, owner: Span, depth: number): SourceTree {
  const at = node === null ? owner : spanOf(reading, node, owner);
  if (++reading.nodes > MAX_NODES || depth > MAX_DEPTH) {
    if (reading.problems.length === 0)
      report(reading, "file/too-deep", at, "the file, with what its aliases repeat, is too large", "write less of it");
    return { kind: "nothing", at };
  }
  if (node === null) return { kind: "nothing", at };
  if (isAlias(node)) {
    const target = reading.targets.get(node) ?? node.resolve(reading.document);
    if (target !== undefined) {
      reading.targets.set(node, target);
      return toTree(reading, target, at, depth + 1);
    }
    report(reading, "file/alias", at, `there is no anchor ${quoted(node.source)} before this`, "write the value out");
    return { kind: "nothing", at };
  }
  if (node.tag !== undefined && !node.tag.startsWith("tag:yaml.org,2002:")) {
    const hint = TAG_OF_CLOUDFORMATION.test(node.tag)
      ? "CloudFormation fills this in; deploy or package the template first, or write the value"
      : "write the value without a tag";
    report(reading, "file/tag", at, `the tag ${quoted(node.tag)} is not taken`, hint);
    return { kind: "nothing", at };
  }
  if (isMap(node)) return { kind: "mapping", entries: toEntries(reading, node.items, at, depth), at };
  if (isSeq(node))
    return { kind: "list", items: node.items.map((item) => toTree(reading, item as Node, at, depth + 1)), at };
  if (!isScalar(node)) return { kind: "nothing", at };
  const { value } = node;
  if (typeof value === "string") return { kind: "text", text: value, at };
  if (typeof value === "number" || typeof value === "boolean")
    return { kind: typeof value === "number" ? "number" : "boolean", text: node.source ?? String(value), at };
  return { kind: "nothing", at };
}

function toEntries(reading: Reading, pairs: readonly Pair[], owner: Span, depth: number): SourceEntry[] {
  const entries = new Map<string, SourceEntry>();
  const merged: SourceEntry[] = [];
  for (const pair of pairs) {
    const keyNode = pair.key as Node | null;
    const keyAt = keyNode === null ? owner : spanOf(reading, keyNode, owner);
    if (!isScalar(keyNode)) {
      report(reading, "file/key", keyAt, "the key is not a text", "write `key: value`");
      continue;
    }
    // `200:` is the key "200", as in JSON.
    const key = keyNode.source ?? String(keyNode.value);
    const value = toTree(reading, pair.value as Node | null, keyAt, depth + 1);
    if (key === "<<" && keyNode.type === "PLAIN") merged.push(...mergedEntries(value));
    else entries.set(key, { key, keyAt, value });
  }
  for (const entry of merged) if (!entries.has(entry.key)) entries.set(entry.key, entry);
  return [...entries.values()];
}

function mergedEntries(value: SourceTree): readonly SourceEntry[] {
  if (value.kind === "mapping") return value.entries;
  return value.kind === "list" ? value.items.flatMap(mergedEntries) : [];
}

/** The text of a node up to the end of its first line; `owner` for a node without text. */
function spanOf({ file, text }: Reading, node: Node, owner: Span): Span {
  const [start, valueEnd] = node.range ?? [owner.start, owner.end];
  if (valueEnd <= start) return owner;
  const lineEnd = text.indexOf("\n", start);
  return { file, start, end: lineEnd === -1 ? valueEnd : Math.min(valueEnd, Math.max(lineEnd, start + 1)) };
}

function describeYaml({ code, message }: YAMLError): { readonly message: string; readonly hint: string } {
  const [line = ""] = message.split("\n");
  const said = line.charAt(0).toLowerCase() + line.slice(1).replace(/[.:]$/, "");
  switch (code) {
    case "DUPLICATE_KEY":
      return { message: "the key stands here a second time", hint: "keep one of the two" };
    case "TAB_AS_INDENT":
      return { message: "the line is indented with a tab", hint: "indent with spaces" };
    case "MULTIPLE_DOCS":
      return { message: "a second document begins here", hint: "remove the line `---`" };
    case "MULTILINE_IMPLICIT_KEY":
    case "BLOCK_AS_IMPLICIT_KEY":
      return { message: "the line is neither a key with its value nor an entry of a list", hint: "write `key: value`" };
    default:
      return {
        message: `not YAML: ${said}`,
        hint: "check indentation, brackets, quotes and the space after each colon; variables of a template are filled in first",
      };
  }
}

/** The value of a key of a mapping; null where there is none. */
export function childOf(tree: SourceTree | null, key: string): SourceTree | null {
  return entryOf(tree, key)?.value ?? null;
}

export function entryOf(tree: SourceTree | null, key: string): SourceEntry | null {
  return tree?.kind === "mapping" ? (tree.entries.find((entry) => entry.key === key) ?? null) : null;
}

/** What the tree says as JSON. */
export function plainValue(tree: SourceTree): unknown {
  switch (tree.kind) {
    case "mapping":
      return Object.fromEntries(tree.entries.map(({ key, value }) => [key, plainValue(value)]));
    case "list":
      return tree.items.map(plainValue);
    case "text":
      return tree.text;
    case "number":
      return Number(tree.text);
    case "boolean":
      return tree.text.toLowerCase() === "true";
    case "nothing":
      return null;
  }
  return tree satisfies never;
}

/** A step of a JSON pointer. */
export function pointerStep(key: string | number): string {
  return `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** Where a pointer leads, or the nearest thing above it that has a place. */
export function nearestSpan(places: ReadonlyMap<string, Span>, pointer: string): Span | null {
  for (let at = pointer; ; at = at.slice(0, at.lastIndexOf("/"))) {
    const found = places.get(at);
    if (found !== undefined) return found;
    if (at === "") return null;
  }
}
