/**
 * Text of a policy file to a tree of plain values that all know their place.
 *
 * Takes the part of YAML 1.2 whose meaning a reader sees at once: no anchors, aliases, tags, merge keys, directives or
 * second document, no duplicate keys. Everything it refuses is reported with its place; nothing is thrown.
 * Not here: what the values mean.
 * INVARIANT: time and memory are bounded by the size limit; nothing is expanded.
 */
import {
  type Document,
  type Node,
  type Pair,
  type YAMLError,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
} from "yaml";
import type { Span } from "../../core/index.ts";
import { type Report, quote } from "./report.ts";

export type Tree =
  | { readonly kind: "mapping"; readonly entries: readonly Entry[]; readonly at: Span }
  | { readonly kind: "list"; readonly items: readonly Tree[]; readonly at: Span }
  | { readonly kind: "text"; readonly text: string; readonly at: Span }
  /** `text` is the spelling in the file. */
  | { readonly kind: "number" | "boolean"; readonly text: string; readonly at: Span }
  | { readonly kind: "nothing"; readonly at: Span };

export interface Entry {
  readonly key: string;
  readonly keyAt: Span;
  readonly value: Tree;
}

const MAX_BYTES = 2 * 1024 * 1024;
const MAX_DEPTH = 16;

/** Controls but tab and line breaks, broken encoding, and what turns the direction of text or is not seen at all. */
const NOT_TEXT =
  /(?![\t\n\r])\p{Cc}|\r(?!\n)|\ufffd|\p{Cs}|\p{Noncharacter_Code_Point}|[\u202a-\u202e\u2066-\u2069]|(?<!^)\ufeff/u;

/** The tree of `report.text`, or null when the text cannot be read as YAML; problems are in the report. */
export function readTree(report: Report): Tree | null {
  if (!checkText(report)) return null;
  const document = parseDocument(report.text, {
    version: "1.2",
    schema: "core",
    strict: true,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: "error",
  });
  if (document.errors.length > 0) {
    reportSyntax(report, document.errors);
    return null;
  }
  checkDirectives(report, document);
  if (document.contents === null) {
    report.add("parse/empty", spanAt(report, 0, 0), "the file is empty", { hint: "run `gatehouse init` to write one" });
    return null;
  }
  return toTree(report, document.contents, spanAt(report, 0, 0), 0);
}

function checkText(report: Report): boolean {
  const { text } = report;
  if (text.length > MAX_BYTES || Buffer.byteLength(text) > MAX_BYTES) {
    const message = `the file has more than ${MAX_BYTES} bytes`;
    report.add("parse/too-large", spanAt(report, 0, 0), message, { hint: "split it into several policies" });
    return false;
  }
  const bad = NOT_TEXT.exec(text);
  if (bad === null) return true;
  const isUtf8Problem = /\ufffd|\p{Cs}/u.test(bad[0]);
  const code = (bad[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  report.add(
    "parse/not-text",
    spanAt(report, bad.index, bad.index + 1),
    isUtf8Problem ? "the file is not valid UTF-8 here" : `the file holds the invisible character U+${code}`,
    { hint: "save the file as UTF-8 text with line feeds" },
  );
  return false;
}

function reportSyntax(report: Report, problems: readonly YAMLError[]): void {
  // Whatever else is found in a text that is nested without end is a consequence.
  const deep = problems.find((problem) => problem.code === "RESOURCE_EXHAUSTION");
  if (deep !== undefined) return reportDepth(report, spanAt(report, ...deep.pos));
  let last = -1;
  for (const problem of problems) {
    if (problem.pos[0] === last) continue;
    last = problem.pos[0];
    const at = spanAt(report, ...problem.pos);
    if (problem.code === "TAB_AS_INDENT")
      report.add("parse/tab", at, "the line is indented with a tab", { hint: "indent with spaces" });
    else if (problem.code === "MULTIPLE_DOCS")
      report.add("parse/multiple-documents", at, "a second document begins here", { hint: "remove the line `---`" });
    else {
      const [line = ""] = problem.message.split("\n");
      const text = (line.charAt(0).toLowerCase() + line.slice(1)).replace(/[.:]$/, "");
      report.add("parse/syntax", at, `not YAML: ${text}`, {
        hint: "check indentation, brackets, quotes and the space after each colon",
      });
    }
  }
}

function checkDirectives(report: Report, document: Document): void {
  const found = /^%.*$/m.exec(report.text);
  if (document.directives?.yaml.explicit !== true && Object.keys(document.directives?.tags ?? {}).length <= 1) return;
  const start = found?.index ?? 0;
  report.add("parse/directive", spanAt(report, start, start + (found?.[0].length ?? 0)), "directives are not taken", {
    hint: "remove the line",
  });
}

function reportDepth(report: Report, at: Span): void {
  report.add("parse/too-deep", at, `more than ${MAX_DEPTH} levels stand inside each other`, {
    hint: "check brackets and indentation",
  });
}

/** `owner` is where to point when the value itself has no text. */
function toTree(report: Report, node: Node | null, owner: Span, depth: number): Tree {
  const at = node === null ? owner : spanOf(report, node, owner);
  if (depth > MAX_DEPTH) {
    reportDepth(report, at);
    return { kind: "nothing", at };
  }
  if (node === null) return { kind: "nothing", at };
  if (isAlias(node)) {
    report.add("parse/alias", at, `aliases are not taken, found ${quote(`*${node.source}`)}`, {
      hint: "write the value out",
    });
    return { kind: "nothing", at };
  }
  checkProperties(report, node, at);
  if (isMap(node)) return { kind: "mapping", entries: toEntries(report, node.items, at, depth), at };
  if (isSeq(node))
    return { kind: "list", items: node.items.map((item) => toTree(report, item as Node, at, depth + 1)), at };
  return isScalar(node) ? toScalar(report, node.value, at) : { kind: "nothing", at };
}

/** Anchors and tags, shown at the value that they belong to. */
function checkProperties(report: Report, node: Node, at: Span): void {
  const anchor = isScalar(node) || isCollection(node) ? node.anchor : undefined;
  const hint = "remove it";
  if (anchor !== undefined)
    report.add("parse/anchor", at, `anchors are not taken, found ${quote(`&${anchor}`)}`, { hint });
  if (node.tag !== undefined) {
    const tag = node.tag.replace(/^tag:yaml\.org,2002:/, "!!");
    report.add("parse/tag", at, `tags are not taken, found ${quote(tag)}`, { hint });
  }
}

function toScalar(report: Report, value: unknown, at: Span): Tree {
  if (typeof value === "string") return { kind: "text", text: value, at };
  if (typeof value === "number" || typeof value === "boolean")
    return { kind: typeof value === "number" ? "number" : "boolean", text: report.text.slice(at.start, at.end), at };
  return { kind: "nothing", at };
}

function toEntries(report: Report, pairs: readonly Pair[], owner: Span, depth: number): Entry[] {
  const entries = new Map<string, Entry>();
  for (const pair of pairs) {
    const keyNode = pair.key as Node | null;
    const keyAt = keyNode === null ? owner : spanOf(report, keyNode, owner);
    const value = toTree(report, pair.value as Node | null, keyAt, depth + 1);
    const key = isScalar(keyNode) && typeof keyNode.value === "string" ? keyNode.value : null;
    if (keyNode !== null) checkProperties(report, keyNode, keyAt);
    if (key === null) {
      report.add("parse/key-not-text", keyAt, "the key is not a text", {
        hint: "keys are names; a number goes in quotes",
      });
      continue;
    }
    if (key === "<<") {
      report.add("parse/merge-key", keyAt, "merge keys are not taken", { hint: "write the keys out" });
      continue;
    }
    const first = entries.get(key);
    if (first === undefined) entries.set(key, { key, keyAt, value });
    else
      report.add("parse/duplicate-key", keyAt, `${quote(key)} stands here a second time`, {
        hint: "keep one of the two",
        related: [{ message: "first here", span: first.keyAt }],
      });
  }
  return [...entries.values()];
}

/** The text of a node up to the end of its first line; `owner` for a node without text. */
function spanOf(report: Report, node: Node, owner: Span): Span {
  const [start, valueEnd] = node.range ?? [owner.start, owner.end];
  if (valueEnd <= start) return owner;
  const lineEnd = report.text.indexOf("\n", start);
  return spanAt(report, start, lineEnd === -1 ? valueEnd : Math.min(valueEnd, lineEnd));
}

function spanAt(report: Report, start: number, end: number): Span {
  const from = Math.max(0, Math.min(start, report.text.length));
  return { file: report.file, start: from, end: Math.max(from, Math.min(end, report.text.length)) };
}
