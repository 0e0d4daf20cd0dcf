/**
 * The lines of the new layout while they are written, word by word.
 *
 * In:  words with what stands in front of them, line breaks and comments as the source has them, in its order.
 * Out: lines for `alignLines`. Line breaks are the source's: none is added or removed but for blank lines, of which one
 * in a row is kept.
 * INVARIANT: every word and every comment is on exactly one line.
 */
import { measureWidth } from "./measure-width.ts";

export interface Line {
  readonly isAfterBlank: boolean;
  indent: number;
  /** Without indentation and trailing comment. A comment with a line of its own is the text. */
  text: string;
  comment: string | null;
  /** Where the trailing comment began in the source. */
  commentColumn: number | null;
  /** The line has nothing but a comment that goes on from the trailing comment of the line above. */
  readonly isContinuation: boolean;
  /** The collection of which the line is one whole entry. */
  run: object | null;
  /** Where in `text` the key begins and the value in brackets begins, when the line is one such entry. */
  pair: { readonly keyAt: number; readonly valueAt: number } | null;
}

/** A block collection: its column in the source and in the new layout. */
export interface Level {
  readonly from: number;
  readonly to: number;
}

/** Where a word goes. */
export interface Place {
  /** Indentation, if it is the first of its line. */
  readonly indent: number;
  /** Whether a blank comes before it, if it is not. */
  readonly gap: boolean;
  /** Least indentation of comments that stand on lines of their own before it. @default indent */
  readonly commentIndent?: number;
}

interface WaitingComment {
  readonly text: string;
  readonly column: number;
  readonly isAfterBlank: boolean;
}

export interface Lines {
  write(word: string, place: Place): void;
  /** Lines inside a scalar, after its first: `text` as it is to stand; the last one can be written on. */
  writeInside(texts: readonly string[], indent: number): void;
  breakLine(): void;
  comment(text: string, column: number): void;
  /** The levels to which a comment that comes next may belong, from the outermost. */
  setOpen(levels: readonly Level[]): void;
  /** Whether the next word begins a line. */
  isAtStart(): boolean;
  /** The column at which the line ends so far. */
  column(): number;
  current(): Line | undefined;
  end(): readonly Line[];
}

export function createLines(): Lines {
  const lines: Line[] = [];
  let waiting: WaitingComment[] = [];
  let open: readonly Level[] = [];
  /** Line breaks since the last word or comment. */
  let breaks = 1;
  /** Column at which the last line ends; measured on the way, since a file may be one line. */
  let width = 0;

  const add = (indent: number, text: string, isAfterBlank: boolean, comment?: WaitingComment): void => {
    lines.push({
      isAfterBlank,
      indent,
      text,
      comment: comment?.text ?? null,
      commentColumn: comment?.column ?? null,
      isContinuation: comment !== undefined,
      run: null,
      pair: null,
    });
  };

  /** The deepest open level that begins at or before the comment; of two that begin together, the outer one. */
  const indentOf = (column: number, least: number): number => {
    let indent = least;
    let outerFrom = -1;
    for (const { from, to } of open) {
      if (to > least && from <= column && from > outerFrom) indent = to;
      outerFrom = from;
    }
    return indent;
  };

  const placeWaiting = (least: number): void => {
    for (const { text, column, isAfterBlank } of waiting) add(indentOf(column, least), text, isAfterBlank);
    waiting = [];
  };

  return {
    write(word, { indent, gap, commentIndent = indent }) {
      const last = lines.at(-1);
      if (breaks > 0 || last === undefined) {
        placeWaiting(commentIndent);
        add(indent, word, breaks > 1);
        width = indent + measureWidth(word);
      } else {
        last.text += gap ? ` ${word}` : word;
        width += measureWidth(word) + (gap ? 1 : 0);
      }
      breaks = 0;
    },
    writeInside(texts, indent) {
      for (const text of texts) add(text === "" ? 0 : indent, text, false);
      if (texts.length > 0) width = indent + measureWidth(texts.at(-1) ?? "");
    },
    breakLine: () => void breaks++,
    comment(text, column) {
      const last = lines.at(-1);
      const comment = { text, column, isAfterBlank: breaks > 1 };
      if (breaks === 0 && last !== undefined) {
        last.comment = text;
        last.commentColumn = column;
      } else if (breaks === 1 && waiting.length === 0 && last?.commentColumn === column) add(0, "", false, comment);
      else waiting.push(comment);
      breaks = 0;
    },
    setOpen: (levels) => void (open = levels),
    isAtStart: () => breaks > 0,
    column: () => width,
    current: () => lines.at(-1),
    end() {
      placeWaiting(0);
      return lines;
    },
  };
}
