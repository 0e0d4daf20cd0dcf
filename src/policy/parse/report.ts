/**
 * Collects what is wrong in one file while reading goes on.
 * INVARIANT: every finding has a span inside the text, and a secret's line is marked as concealed.
 */
import type { Diagnostic, Span } from "../../core/index.ts";
import { RULES, type RuleId } from "../rules.ts";

/** Findings kept; a broken file of megabytes would otherwise give one for every character. */
const MAX_FINDINGS = 200;
const MAX_QUOTED = 60;

export interface Report {
  readonly file: string;
  readonly text: string;
  add(id: RuleId, at: Span, message: string, more?: Pick<Diagnostic, "hint" | "related" | "concealed">): void;
  /** Findings in the order of the file. */
  list(): Diagnostic[];
}

export function createReport(file: string, text: string): Report {
  const found: Diagnostic[] = [];
  let dropped = 0;
  return {
    file,
    text,
    add(id, at, message, more = {}) {
      if (found.length < MAX_FINDINGS) found.push({ id, severity: RULES[id].severity, message, span: at, ...more });
      else dropped++;
    },
    list() {
      const ordered = concealLines(text, found).toSorted((a, b) => a.span.start - b.span.start);
      const last = ordered.at(-1);
      if (dropped === 0 || last === undefined) return ordered;
      const id = "parse/too-many";
      const message = `${dropped} more findings are not shown`;
      return [...ordered, { id, severity: "error", message, span: last.span, hint: "correct these first" }];
    },
  };
}

/** A line that is not to be shown for one finding is not shown for any other either. */
function concealLines(text: string, found: readonly Diagnostic[]): Diagnostic[] {
  const lineStart = (offset: number): number => text.lastIndexOf("\n", offset - 1) + 1;
  const concealed = new Set(found.filter((one) => one.concealed === true).map((one) => lineStart(one.span.start)));
  if (concealed.size === 0) return [...found];
  return found.map((one) => (concealed.has(lineStart(one.span.start)) ? { ...one, concealed: true } : one));
}

/** A value of the file inside a message: in backticks, on one line, cut when long. */
export function quote(value: string): string {
  const shown = value.length > MAX_QUOTED ? `${value.slice(0, MAX_QUOTED)}...` : value;
  return `\`${shown.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}`]/gu, "?")}\``;
}

export function quoteAll(values: readonly string[]): string {
  return values.map(quote).join(", ");
}
