/**
 * Text to tree by way of the package `yaml`: for what is not plain (read-plain.ts), and for saying what is wrong.
 *
 * Takes the part of YAML 1.2 whose meaning a reader sees at once: no anchors, aliases, tags, merge keys, directives or
 * second document, no duplicate keys. Everything it refuses is reported with its place; nothing is thrown.
 * INVARIANT: time and memory are bounded; nothing is expanded.
 */
import {
  type Document,
  Lexer,
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
import {
  AFTER_VALUE,
  COMMA_HINT,
  EMPTY_ENTRY,
  EXTRA_HINT,
  REST_HINT,
  describeConflict,
  describeSyntax,
} from "./describe-syntax.ts";
import { type Report, quote } from "./report.ts";
import { type Entry, MAX_DEPTH, type Tree } from "./tree.ts";

/**
 * A policy has some 350 tokens in a thousand characters; texts that are made to be slow have up to three times as many.
 * The package makes objects of each: beyond this it takes seconds and hundreds of megabytes.
 */
const MAX_TOKENS = 500_000;
/** Directives, or properties of one value, of which none is taken anyway. */
const MAX_REPEATED = 20;
/** What the lexer puts in front of a scalar. */
const SCALAR = "\u001f";
/** What the lexer adds to the text. */
const OWN_TOKENS = new Set(["\u0002", "\u0018", SCALAR]);
const SPLIT_HINT = "split it and name the parts in `include`";
const KEY_HINT = "keys are names; a number goes in quotes";

/** The tree, or null when the text cannot be read as YAML; problems are in the report. */
export function readYamlTree(report: Report, hintWhenEmpty: string): Tree | null {
  if (!checkExpense(report)) return null;
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
    report.add("parse/empty", spanAt(report, 0, 0), "the file is empty", { hint: hintWhenEmpty });
    return null;
  }
  return toTree(report, document.contents, spanAt(report, 0, 0), 0);
}

/**
 * Whether reading the text costs no more than a policy may. What is nested without end, and what is repeated without
 * sense, is seen on the way: of such texts the package would make an object for every character.
 */
function checkExpense(report: Report): boolean {
  let tokens = 0;
  let offset = 0;
  let depth = 0;
  let signsOnLine = 0;
  let directives = 0;
  let properties = 0;
  let previous = "";
  let before = "";
  const isSane = (token: string): boolean => {
    const place = spanAt(report, offset, offset + 1);
    if (++tokens > MAX_TOKENS) {
      const message = `the file has more than ${MAX_TOKENS} words and signs`;
      report.add("parse/too-large", spanAt(report, 0, 0), message, { hint: SPLIT_HINT });
      return false;
    }
    if (previous === SCALAR) return true;
    if (token === "[" || token === "{") depth++;
    else if (token === "]" || token === "}") depth--;
    else if (token === "\n" || token === "\r\n") signsOnLine = 0;
    else if (depth === 0 && (token === "-" || token === "?" || token === ":")) signsOnLine++;
    else if (token.startsWith("%")) directives++;
    if (depth > MAX_DEPTH + 1 || signsOnLine > 2 * MAX_DEPTH) reportDepth(report, place);
    else if (depth < 0) report.add("parse/syntax", place, `${quote(token)} has no place here`, { hint: EXTRA_HINT });
    else if (token === "," && before === ",") report.add("parse/syntax", place, EMPTY_ENTRY, { hint: COMMA_HINT });
    else if (/^["']/.test(token) && /^["']/.test(previous))
      report.add("parse/syntax", place, AFTER_VALUE, { hint: REST_HINT });
    else if (token === "!<>" && previous !== SCALAR)
      // The package takes an empty tag for none, so nothing of it would be seen later.
      report.add("parse/tag", place, "tags are not taken, found `!<>`", {
        hint: "remove it; a text that begins with `!` goes in quotes",
      });
    else if (directives > MAX_REPEATED) reportDirective(report);
    else if (properties > MAX_REPEATED)
      report.add("parse/tag", place, "a value has many tags or anchors", { hint: "remove them" });
    else return true;
    return false;
  };
  for (const token of new Lexer().lex(report.text)) {
    properties = /^[!&]/.test(token) && previous !== SCALAR ? properties + 1 : token.trim() === "" ? properties : 0;
    if (!isSane(token)) return false;
    previous = token;
    if (token.trim() !== "" && token !== SCALAR) before = token;
    if (!OWN_TOKENS.has(token)) offset += token.length;
  }
  return true;
}

function reportSyntax(report: Report, problems: readonly YAMLError[]): void {
  // Whatever else is found in a text that is nested without end is a consequence.
  const deep = problems.find((problem) => problem.code === "RESOURCE_EXHAUSTION");
  if (deep !== undefined) return reportDepth(report, spanAt(report, ...deep.pos));
  const conflict = describeConflict(report.text);
  // One finding for a line. Texts can have as many problems as characters, all of them on one line.
  let line = { start: -1, end: -1 };
  for (const problem of problems) {
    const at = spanAt(report, ...problem.pos);
    if (at.start >= line.start && at.start <= line.end) continue;
    if (report.isFull()) return;
    line = lineAround(report.text, at.start);
    const tab = findTab(report.text, line.start);
    if (problem.code === "TAB_AS_INDENT" || tab !== null) {
      const place = tab === null ? at : spanAt(report, tab, tab + 1);
      report.add("parse/tab", place, "the line is indented with a tab", { hint: "indent with spaces" });
    } else if (isAboutDirectives(problem)) return reportDirective(report);
    else if (problem.code === "MULTIPLE_DOCS")
      report.add("parse/multiple-documents", at, "a second document begins here", { hint: "remove the line `---`" });
    else {
      const said = conflict ?? describeSyntax(problem, report.text);
      report.add("parse/syntax", spanAt(report, said.start, said.end), said.message, { hint: said.hint });
      if (said.hidesRest) return;
    }
  }
}

function lineAround(text: string, at: number): { readonly start: number; readonly end: number } {
  const end = text.indexOf("\n", at);
  return { start: at === 0 ? 0 : text.lastIndexOf("\n", at - 1) + 1, end: end === -1 ? text.length : end };
}

/** A tab among the blanks that a line begins with. */
function findTab(text: string, lineStart: number): number | null {
  const [blanks = ""] = /^[ \t]*/.exec(text.slice(lineStart, lineStart + 2000)) ?? [];
  return blanks.includes("\t") ? lineStart + blanks.indexOf("\t") : null;
}

function isAboutDirectives({ code, message }: YAMLError): boolean {
  return code === "BAD_DIRECTIVE" || message.startsWith("Missing directives-end");
}

/** Also those that YAML does not know, which the package passes over. */
function checkDirectives(report: Report, document: Document): void {
  const isKnown =
    document.directives?.yaml.explicit === true || Object.keys(document.directives?.tags ?? {}).length > 1;
  if (isKnown || document.warnings.some(isAboutDirectives)) reportDirective(report);
}

function reportDirective(report: Report): void {
  const found = /^%.*$/m.exec(report.text);
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
      hint: "write the value out; a text that begins with `*` goes in quotes",
    });
    return { kind: "nothing", at };
  }
  checkProperties(report, node, at);
  if (isMap(node)) return { kind: "mapping", entries: toEntries(report, node.items, at, depth), at };
  if (isSeq(node))
    return { kind: "list", items: node.items.map((item) => toTree(report, item as Node, at, depth + 1)), at };
  return isScalar(node) ? toScalar(report, node.value, at) : { kind: "nothing", at };
}

/** Anchors and tags, shown where they stand: before the value that they belong to. */
function checkProperties(report: Report, node: Node, at: Span): void {
  const anchor = isScalar(node) || isCollection(node) ? node.anchor : undefined;
  const start = node.range?.[0] ?? at.start;
  if (anchor !== undefined)
    report.add(
      "parse/anchor",
      placeBefore(report, `&${anchor}`, start, at),
      `anchors are not taken, found ${quote(`&${anchor}`)}`,
      {
        hint: "remove it; a text that begins with `&` goes in quotes",
      },
    );
  if (node.tag !== undefined) {
    const tag = node.tag.replace(/^tag:yaml\.org,2002:/, "!!");
    report.add("parse/tag", placeBefore(report, tag, start, at), `tags are not taken, found ${quote(tag)}`, {
      hint: "remove it; a text that begins with `!` goes in quotes",
    });
  }
}

function placeBefore(report: Report, written: string, before: number, otherwise: Span): Span {
  const start = report.text.lastIndexOf(written, before);
  return start === -1 ? otherwise : spanAt(report, start, start + written.length);
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
    const keyAt = keyNode === null ? owner : spanOf(report, keyNode, placeOfEmpty(report, keyNode, owner));
    const value = toTree(report, pair.value as Node | null, keyAt, depth + 1);
    const key = isScalar(keyNode) && typeof keyNode.value === "string" ? keyNode.value : null;
    if (keyNode !== null) checkProperties(report, keyNode, keyAt);
    if (key === null) {
      const isEmpty = keyNode === null || (isScalar(keyNode) && keyNode.value === null && keyNode.source === "");
      report.add("parse/key-not-text", keyAt, `the key is ${isEmpty ? "empty" : "not a text"}`, { hint: KEY_HINT });
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
  const { text } = report;
  const [start, valueEnd] = node.range ?? [owner.start, owner.end];
  if (valueEnd <= start) return owner;
  // What stands in a block goes on after its first line, whatever it ends with.
  const isBlock = isCollection(node) && node.flow !== true;
  let end = isBlock ? text.length : valueEnd;
  const lineEnd = lineEndAfter(report, start);
  if (lineEnd < end) end = lineEnd;
  while (end > start && /[ \t\r]/.test(text.charAt(end - 1))) end--;
  return spanAt(report, start, end);
}

/** Where a key would stand that has no text. */
function placeOfEmpty(report: Report, node: Node, owner: Span): Span {
  return node.range === undefined || node.range === null ? owner : spanAt(report, node.range[0], node.range[0] + 1);
}

const lineEnds = new WeakMap<Report, { from: number; end: number }>();

/** Remembered, because a file of one line would be searched to its end for every node. */
function lineEndAfter(report: Report, start: number): number {
  const known = lineEnds.get(report);
  if (known !== undefined && known.from <= start && start <= known.end) return known.end;
  const found = report.text.indexOf("\n", start);
  const end = found === -1 ? report.text.length : found;
  lineEnds.set(report, { from: start, end });
  return end;
}

export function spanAt(report: Report, start: number, end: number): Span {
  const from = Math.max(0, Math.min(start, report.text.length));
  return { file: report.file, start: from, end: Math.max(from, Math.min(end, report.text.length)) };
}
