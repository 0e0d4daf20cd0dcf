/** Places of spans in sources, for a compiler that names thousands of them: each line is looked up, not counted. */
import type { Sources, Span } from "../core/index.ts";

/** `file:line:column` of where a span starts, as `formatSpan` writes it; only the path when the text is not known. */
export type Locate = (span: Span) => string;

export function createLocator(sources: Sources): Locate {
  const lineStarts = new Map<string, readonly number[]>();
  return ({ file, start }) => {
    const text = sources.get(file);
    if (text === undefined) return file;
    let starts = lineStarts.get(file);
    if (starts === undefined) lineStarts.set(file, (starts = findLineStarts(text)));
    const offset = Math.max(0, Math.min(start, text.length));
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return `${file}:${low + 1}:${offset - (starts[low] ?? 0) + 1}`;
  };
}

function findLineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}
