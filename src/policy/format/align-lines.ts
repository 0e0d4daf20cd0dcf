/**
 * Lines to the text of the file, with columns where they help a reader.
 *
 * A run is a sequence of lines that are each one whole entry of the same collection. It ends at a blank line, at a comment
 * on a line of its own and at an entry that spans lines. Within a run the trailing comments stand in one column, and so
 * do the values if all of them are in brackets: a table of routes, of roles. What is very long stands outside the column,
 * so that one long line does not move all others.
 */
import type { Line } from "./lines.ts";
import { measureWidth } from "./measure-width.ts";

/** Keys longer than this do not move the column of values. */
const MAX_KEY_WIDTH = 40;
/** Lines longer than this do not move the column of comments. */
const MAX_CODE_WIDTH = 80;
const COMMENT_GAP = 2;

export function alignLines(lines: readonly Line[]): string {
  let text = "";
  for (let start = 0; start < lines.length;) {
    const end = findRunEnd(lines, start);
    const run = lines.slice(start, end);
    alignValues(run);
    text += renderRun(run, start === 0);
    start = end;
  }
  return text;
}

function findRunEnd(lines: readonly Line[], start: number): number {
  const run = lines[start]?.run ?? null;
  let end = start + 1;
  for (let line = lines[end]; line !== undefined && !line.isAfterBlank; line = lines[++end])
    if (!line.isContinuation && (run === null || line.run !== run)) break;
  return end;
}

function alignValues(run: readonly Line[]): void {
  const entries = run.filter((line) => !line.isContinuation);
  if (entries.length < 2 || entries.some((line) => line.pair === null)) return;
  const widths = entries.map(({ text, pair }) => measureWidth(text.slice(pair?.keyAt, pair?.valueAt).trimEnd()));
  const column = greatestUpTo(MAX_KEY_WIDTH, widths);
  entries.forEach((line, index) => {
    const valueAt = line.pair?.valueAt ?? 0;
    const padding = " ".repeat(Math.max(0, column - (widths[index] ?? 0)));
    line.text = `${line.text.slice(0, valueAt)}${padding}${line.text.slice(valueAt)}`;
  });
}

function greatestUpTo(limit: number, widths: readonly number[]): number {
  return widths.reduce((greatest, width) => (width <= limit ? Math.max(greatest, width) : greatest), 0);
}

function renderRun(run: readonly Line[], isFirst: boolean): string {
  const widths = run.map((line) => (line.comment === null ? 0 : line.indent + measureWidth(line.text)));
  const column = greatestUpTo(MAX_CODE_WIDTH, widths) + COMMENT_GAP;
  let text = "";
  let commentAt = column;
  run.forEach((line, index) => {
    if (line.isAfterBlank && !(isFirst && index === 0)) text += "\n";
    text += `${" ".repeat(line.indent)}${line.text}`;
    if (line.comment !== null) {
      const width = widths[index] ?? 0;
      if (!line.isContinuation) commentAt = width > MAX_CODE_WIDTH ? width + COMMENT_GAP : column;
      text += `${" ".repeat(commentAt - width)}${line.comment}`;
    }
    text += "\n";
  });
  return text;
}
