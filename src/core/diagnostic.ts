/**
 * What is wrong in a file that a user wrote. Data, never thrown; offsets inside, line and column made at the edge.
 *
 * `id` is `area/kebab-rule`; severity is a field and never part of the id. `message` is one line, lower case, no full
 * stop; `hint` says what to write instead.
 */
export interface Span {
  /** Path as the user gave it. */
  readonly file: string;
  /** Offset of the first character, in UTF-16 code units. */
  readonly start: number;
  /** Offset after the last character. */
  readonly end: number;
}

export type Severity = "error" | "warning" | "info";

/** What a finding would be if nobody had waived it, and who answers for it. */
export interface Waived {
  readonly severity: Severity;
  readonly message: string;
  readonly owner: string;
  readonly reason: string;
  /** The last day on which the waiver holds, `2027-01-31`. */
  readonly until: string;
}

export interface Diagnostic {
  readonly id: string;
  readonly severity: Severity;
  readonly message: string;
  readonly span: Span;
  readonly hint?: string;
  /** The line holds a secret: it is never shown. */
  readonly concealed?: true;
  /** The finding is waived; `message` says so too. */
  readonly waived?: Waived;
  readonly related?: readonly { readonly message: string; readonly span: Span }[];
}

/** One-based line and column of an offset. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** The text of each source file by the path used in spans. */
export type Sources = ReadonlyMap<string, string>;

export function positionOf(text: string, offset: number): Position {
  const before = text.slice(0, Math.max(0, Math.min(offset, text.length)));
  const lastBreak = before.lastIndexOf("\n");
  let line = 1;
  for (let i = before.indexOf("\n"); i !== -1; i = before.indexOf("\n", i + 1)) line++;
  return { line, column: before.length - lastBreak };
}

/** `file:line:column` of where a span starts; only the path when the file's text is not known. */
export function formatSpan(span: Span, sources: Sources): string {
  const text = sources.get(span.file);
  if (text === undefined) return span.file;
  const { line, column } = positionOf(text, span.start);
  return `${span.file}:${line}:${column}`;
}

const FRAME_WIDTH = 100;

/** A diagnostic as a person reads it: place, severity, id, message, the line with a caret run, the hint. */
export function renderDiagnostic(diagnostic: Diagnostic, sources: Sources): string {
  const lines = [
    `${formatSpan(diagnostic.span, sources)} ${diagnostic.severity} ${diagnostic.id}`,
    `  ${diagnostic.message}`,
    ...(diagnostic.concealed === true ? [] : renderFrame(diagnostic.span, sources)),
  ];
  for (const { message, span } of diagnostic.related ?? [])
    lines.push(`  see ${formatSpan(span, sources)}: ${message}`);
  if (diagnostic.hint !== undefined) lines.push(`  help: ${diagnostic.hint}`);
  return lines.join("\n");
}

function renderFrame(span: Span, sources: Sources): string[] {
  const text = sources.get(span.file);
  if (text === undefined) return [];
  const { line, column } = positionOf(text, span.start);
  const lineText = showLine(text, span.start - (column - 1));
  const from = Math.max(0, column - 1 - Math.floor(FRAME_WIDTH / 2));
  const shown = lineText.slice(from, from + FRAME_WIDTH);
  const width = Math.max(
    1,
    Math.min(span.end - span.start, lineText.length - column + 1, FRAME_WIDTH - (column - 1 - from)),
  );
  const gutter = String(line).padStart(5);
  return [
    `${gutter} | ${shown}`,
    `${" ".repeat(gutter.length)} | ${" ".repeat(column - 1 - from)}${"^".repeat(width)}`,
  ];
}

/** What is not seen, or would move the cursor or turn the direction of text, is shown as `?`; columns stay. */
function showLine(text: string, start: number): string {
  const end = text.indexOf("\n", start);
  return text
    .slice(start, end === -1 ? text.length : end)
    .replace(/\r$/, "")
    .replaceAll("\t", " ")
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) => "?".repeat(character.length));
}

/** A diagnostic as JSON: the span gains line and column. */
export function diagnosticJson(diagnostic: Diagnostic, sources: Sources): Record<string, unknown> {
  const { id, severity, message, hint, related } = diagnostic;
  return {
    id,
    severity,
    message,
    ...spanJson(diagnostic.span, sources),
    ...(hint === undefined ? {} : { hint }),
    ...(related === undefined
      ? {}
      : { related: related.map((r) => ({ message: r.message, ...spanJson(r.span, sources) })) }),
  };
}

export function spanJson(span: Span, sources: Sources): Record<string, unknown> {
  const text = sources.get(span.file);
  if (text === undefined) return { file: span.file };
  const start = positionOf(text, span.start);
  const end = positionOf(text, span.end);
  return { file: span.file, line: start.line, column: start.column, endLine: end.line, endColumn: end.column };
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((d) => d.severity === "error");
}
