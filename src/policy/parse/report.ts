/**
 * Collects what is wrong in a policy's files while reading goes on.
 * INVARIANT: every finding has a span inside the text of its file and a message on one line without characters that
 * nobody sees; a secret's line is marked as concealed.
 */
import type { Diagnostic, Sources, Span } from "../../core/index.ts";
import { RULES, type RuleId } from "../rules.ts";
import { showInvisible } from "./invisible.ts";

/** Findings kept; a broken file of megabytes would otherwise give one for every character. */
const MAX_FINDINGS = 200;
const MAX_QUOTED = 60;
/** Messages and hints hold names of the file; a file can make these as long as it likes. */
const MAX_MESSAGE = 600;

/** A hint that takes time to make is a function, called only for findings that are kept. */
export type More = Pick<Diagnostic, "related" | "concealed"> & { readonly hint?: string | (() => string) };

export interface Report {
  readonly file: string;
  readonly text: string;
  add(id: RuleId, at: Span, message: string, more?: More): void;
  /** The same collection while another file is read. */
  within(file: string, text: string): Report;
  /** What stands at a place of any file that was read. */
  textAt(at: Span): string;
  hasErrors(): boolean;
  /** Whether findings were left out already. That is an error, so that what costs time need not be looked at. */
  isFull(): boolean;
  /** Findings in the order of the files, and within a file in its own. */
  list(): Diagnostic[];
  /** The texts of all files that were read. */
  sources(): Sources;
}

export function createReport(file: string, text: string): Report {
  const found: Diagnostic[] = [];
  const texts = new Map<string, string>();
  let dropped = 0;
  const within = (name: string, content: string): Report => {
    texts.set(name, content);
    return { ...shared, file: name, text: content };
  };
  const shared = {
    add(id: RuleId, at: Span, message: string, { hint, ...more }: More = {}): void {
      if (found.length >= MAX_FINDINGS) {
        dropped++;
        return;
      }
      const said = typeof hint === "function" ? hint() : hint;
      found.push({
        id,
        severity: RULES[id].severity,
        message: shorten(message),
        span: at,
        ...(said === undefined ? {} : { hint: shorten(said) }),
        ...more,
      });
    },
    within,
    isFull: () => dropped > 0,
    hasErrors: () => dropped > 0 || found.some((one) => one.severity === "error"),
    textAt: (at: Span) => (texts.get(at.file) ?? "").slice(at.start, at.end),
    sources: () => texts,
    list() {
      const order = new Map([...texts.keys()].map((name, index) => [name, index]));
      const ordered = concealLines(texts, found).toSorted(
        (a, b) => (order.get(a.span.file) ?? 0) - (order.get(b.span.file) ?? 0) || a.span.start - b.span.start,
      );
      const last = ordered.at(-1);
      if (dropped === 0 || last === undefined) return ordered;
      const message = `${dropped} more findings are not shown`;
      const tooMany: Diagnostic = { id: "parse/too-many", severity: "error", message, span: last.span };
      return [...ordered, { ...tooMany, hint: "correct these first" }];
    },
  };
  return within(file, text);
}

/** A line that is not to be shown for one finding is not shown for any other either. */
function concealLines(texts: Sources, found: readonly Diagnostic[]): Diagnostic[] {
  const lineOf = ({ file, start }: Span): string =>
    `${(texts.get(file) ?? "").lastIndexOf("\n", start - 1) + 1} ${file}`;
  const concealed = new Set(found.filter((one) => one.concealed === true).map((one) => lineOf(one.span)));
  if (concealed.size === 0) return [...found];
  return found.map((one) => (concealed.has(lineOf(one.span)) ? { ...one, concealed: true } : one));
}

/** A value of the file inside a message: in backticks, on one line, cut when long. */
export function quote(value: string): string {
  const shown = value.length > MAX_QUOTED ? `${value.slice(0, MAX_QUOTED)}...` : value;
  return `\`${showInvisible(shown).replaceAll("`", "?")}\``;
}

function shorten(message: string): string {
  return showInvisible(message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}...` : message);
}

export function quoteAll(values: readonly string[]): string {
  return values.map(quote).join(", ");
}
