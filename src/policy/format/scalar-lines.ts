/**
 * Scalars that span lines, line by line without their indentation.
 * INVARIANT: whatever indentation the lines are given (more than that of the collection they are in), the value is the same.
 */

/** Lines of a plain or quoted scalar. Blanks at the ends of lines do not count in its value. */
export function listScalarLines(text: string): string[] {
  if (!text.includes("\n")) return [text];
  const lines = text.split(/\r?\n/);
  return lines.map((line, index) => {
    const begun = index === 0 ? line : line.replace(/^[ \t]+/, "");
    if (index === lines.length - 1) return begun;
    const cut = begun.replace(/[ \t]+$/, "");
    // In double quotes a backslash makes one blank count.
    const slashes = text.startsWith('"') ? (/\\*$/.exec(cut)?.[0].length ?? 0) : 0;
    return slashes % 2 === 1 ? begun.slice(0, cut.length + 1) : cut;
  });
}

export interface BlockLines {
  readonly texts: readonly string[];
  /** How much deeper than its collection the header says that the text is; null when the text itself shows it. */
  readonly indent: number | null;
  /** Blank lines after the text that are not part of the value. */
  readonly blankLines: number;
}

/** Lines of a scalar after `|` or `>`. `column` is where its collection begins in the source. */
export function listBlockLines(text: string, header: string, column: number): BlockLines {
  const lines = text.split(/\r?\n/);
  const digit = /[1-9]/.exec(header)?.[0];
  const indent = digit === undefined ? null : Number(digit);
  const first = lines.find((line) => !isBlank(line));
  // Without any text no blank counts, only how many lines there are.
  const cut = first === undefined ? Infinity : indent === null ? first.search(/[^ ]/) : column + indent;
  // What follows the last line break is a line only if it has something in it, or is all there is.
  if (text === "" || (lines.length > 1 && (lines.at(-1) ?? "").slice(cut) === "")) lines.pop();
  const isLayout = (line: string): boolean => isBlank(line) && line.length <= cut;
  let end = lines.length;
  if (!header.includes("+")) while (end > 0 && isLayout(lines[end - 1] ?? "")) end--;
  return { texts: lines.slice(0, end).map((line) => line.slice(cut)), indent, blankLines: lines.length - end };
}

function isBlank(line: string): boolean {
  return /^ *$/.test(line);
}
