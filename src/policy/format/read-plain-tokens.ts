/**
 * The tokens of a text by way of its tree: the tree says where each scalar is, and between scalars there are only signs,
 * blanks and comments.
 *
 * Out: the tokens that `readTokens` gives, several times as fast; null where the tree does not say it all: scalars that
 * span lines, marks of documents, tabs, carriage returns.
 */
import type { Span } from "../../core/index.ts";
import type { Tree } from "../parse/read-tree.ts";
import { measureWidth } from "./measure-width.ts";
import { type Token, type TokenKind, isWholeScalar } from "./read-tokens.ts";

/** `tree` is what `readTree` made of `text`. */
export function readPlainTokens(text: string, tree: Tree): Token[] | null {
  const scalars: Span[] = [];
  if (text.includes("\r") || !listScalars(text, tree, scalars)) return null;
  const tokens: Token[] = [];
  const add = (kind: TokenKind, start: number, end: number, column: number): void => {
    tokens.push({ kind, text: text.slice(start, end), offset: start, column });
  };
  let lineStart = 0;
  let next = 0;
  for (let at = 0; at < text.length;) {
    const scalar = scalars[next];
    const character = text.charAt(at);
    if (scalar?.start === at) {
      add("scalar", at, scalar.end, at - lineStart);
      at = scalar.end;
      next++;
    } else if (character === " ") at++;
    else if (character === "\n") {
      add("break", at, at + 1, at - lineStart);
      lineStart = ++at;
    } else if (character === "#") {
      const lineEnd = text.indexOf("\n", at);
      const end = lineEnd === -1 ? text.length : lineEnd;
      add("comment", at, end, measureWidth(text.slice(lineStart, at)));
      at = end;
    } else {
      const isSign =
        ":,{}[]".includes(character) || ("-?".includes(character) && /^(?:[ \n]|$)/.test(text.charAt(at + 1)));
      if (!isSign) return null;
      add(character as TokenKind, at, at + 1, at - lineStart);
      at++;
    }
  }
  return next === scalars.length ? tokens : null;
}

/** Adds where keys and values are, in order; false when one of them is not all of its line's text. */
function listScalars(text: string, tree: Tree, found: Span[]): boolean {
  switch (tree.kind) {
    case "mapping":
      return tree.entries.every(
        ({ key, keyAt, value }) => addScalar(text, keyAt, key, found) && listScalars(text, value, found),
      );
    case "list":
      return tree.items.every((item) => listScalars(text, item, found));
    case "nothing":
      // Without a text of its own its place is that of what it belongs to, which came before.
      if (tree.at.start < (found.at(-1)?.end ?? 0) || !/[~nN]/.test(text.charAt(tree.at.start))) return true;
      found.push(tree.at);
      return true;
    default:
      return addScalar(text, tree.at, tree.text, found);
  }
}

function addScalar(text: string, at: Span, value: string, found: Span[]): boolean {
  const source = text.slice(at.start, at.end);
  const isQuoted = source.startsWith("'") || source.startsWith('"');
  if (isQuoted ? !isWholeScalar(source) : source !== value) return false;
  found.push(at);
  return true;
}
