/**
 * Text of a policy file to the marks that its layout is made of: brackets, indicators, scalars as they are spelled,
 * comments and line breaks. Blanks are left out; they are what a layout decides.
 *
 * Out: every other character of the text is in exactly one token, in order. Not here: which entry belongs to which
 * collection (read-tree.ts knows).
 */
import { Lexer } from "yaml";
import { measureWidth } from "./measure-width.ts";

export type TokenKind =
  | "break"
  | "comment"
  | "scalar"
  /** `|` or `>` with its signs; the text of the scalar is the next token of kind `block`. */
  | "block-header"
  | "block"
  /** `---` and `...` */
  | "marker"
  | "-"
  | "?"
  | ":"
  | ","
  | "{"
  | "}"
  | "["
  | "]";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly offset: number;
  /** Characters in front of it on its line. */
  readonly column: number;
}

/** What the lexer puts in front of a scalar; it has no width. */
const SCALAR = "\u001f";
/** Its other marks without width. */
const UNSEEN: ReadonlySet<string> = new Set(["\u0002", "\u0018"]);
const SINGLE: ReadonlySet<string> = new Set<TokenKind>(["-", "?", ":", ",", "{", "}", "[", "]"]);

/** The tokens of a text without byte order mark that `readTree` has read without an error. */
export function readTokens(text: string): Token[] {
  const tokens: Token[] = [];
  let offset = 0;
  let lineStart = 0;
  let isScalar = false;
  let isBlock = false;
  for (const source of new Lexer().lex(text)) {
    if (source === SCALAR && !isScalar) {
      isScalar = true;
      continue;
    }
    if (UNSEEN.has(source) && !isScalar) continue;
    const kind: TokenKind | null = isScalar ? (isBlock ? "block" : "scalar") : kindOf(source);
    // For a value that is left out between brackets the lexer gives a scalar without text.
    if (kind !== null && (kind !== "scalar" || source !== "")) {
      const column = kind === "comment" ? measureWidth(text.slice(lineStart, offset)) : offset - lineStart;
      tokens.push({ kind, text: source, offset, column });
    }
    if (isScalar) isBlock = false;
    else if (kind === "block-header") isBlock = true;
    isScalar = false;
    const lastBreak = source.lastIndexOf("\n");
    if (lastBreak !== -1) lineStart = offset + lastBreak + 1;
    offset += source.length;
  }
  return tokens;
}

/** Null for blanks. */
function kindOf(source: string): TokenKind | null {
  if (SINGLE.has(source)) return source as TokenKind;
  switch (source[0]) {
    case "\n":
    case "\r":
      return "break";
    case "#":
      return "comment";
    case "|":
    case ">":
      return "block-header";
    case "-":
    case ".":
      return "marker";
    case '"':
    case "'":
      return "scalar";
    default:
      return null;
  }
}

/** False for a quoted scalar that the end of the text cuts off. */
export function isWholeScalar(text: string): boolean {
  if (text.startsWith("'")) return /^'[^']*(?:''[^']*)*'$/.test(text);
  return !text.startsWith('"') || /^"[^"\\]*(?:\\[^][^"\\]*)*"$/.test(text);
}
