/**
 * A policy file to the lines of its layout: two blanks for each level, one after each colon, `{ a: b }` and `[a, b]`.
 *
 * In:  what `readTree` made of the text, and the tokens of the same text. The tree says what belongs together, the tokens
 *      say how it is spelled. Out: lines with the same tokens in the same order.
 * A collection in brackets that spans lines keeps them. Its lines begin below its first entry, or two blanks deeper when
 * nothing follows the bracket.
 * INVARIANT: no line of the layout begins a document, ends one or leaves a collection unless it did so before.
 */
import type { Entry, Tree } from "../parse/read-tree.ts";
import { type Level, type Line, type Place, createLines } from "./lines.ts";
import { listBlockLines, listScalarLines } from "./scalar-lines.ts";
import { type Token, type TokenKind, isWholeScalar } from "./read-tokens.ts";

const STEP = 2;
/** At the beginning of a line this would begin or end a document. */
const MARKER = /^(?:---|\.\.\.)(?:\s|$)/;

/** The tree passes over something that stands in the text, at `offset`: what it says is not what a reader sees. */
export class Misfit extends Error {
  readonly offset: number;

  constructor(offset: number) {
    super(`the tree does not know what stands at offset ${offset}`);
    this.offset = offset;
  }
}

/** @throws Misfit */
export function layOut(root: Tree, tokens: readonly Token[]): readonly Line[] {
  const lines = createLines();
  let next = 0;

  /** The next word; breaks and comments before it are on the page already. */
  const peek = (): Token | undefined => {
    for (let token = tokens[next]; token !== undefined; token = tokens[++next])
      if (token.kind === "break") lines.breakLine();
      else if (token.kind === "comment") lines.comment(token.text.trimEnd(), token.column);
      else return token;
    return undefined;
  };

  const take = (wanted?: TokenKind): Token => {
    const token = peek();
    if (
      token === undefined ||
      (wanted !== undefined && token.kind !== wanted) ||
      (token.kind === "scalar" && !isWholeScalar(token.text))
    )
      throw new Misfit(token?.offset ?? tokens.at(-1)?.offset ?? 0);
    next++;
    return token;
  };

  const write = (wanted: TokenKind, place: Place): Line | undefined => {
    lines.write(take(wanted).text, place);
    return lines.current();
  };

  /** A scalar; its further lines are indented by `inside`. `level` is the collection that it is in. */
  const writeScalar = (place: Place, inside: number, level: Level): void => {
    const token = take();
    if (token.kind !== "block-header") {
      const [first = "", ...others] = listScalarLines(token.text);
      lines.write(first, place);
      lines.writeInside(others, inside);
      return;
    }
    lines.write(token.text, place);
    const text = take("block").text;
    const block = listBlockLines(text, token.text, level.from);
    lines.writeInside(block.texts, block.indent === null ? inside : level.to + block.indent);
    // The line breaks before the block are the header's, those after it count from its last line.
    if (!lines.isAtStart()) lines.breakLine();
    for (let blank = 0; blank < block.blankLines; blank++) lines.breakLine();
  };

  /** A collection in brackets. `base` is where its end goes when nothing follows its beginning. */
  const writeFlow = (place: Place, base: number, level: Level): void => {
    const run = {};
    const opensLine = lines.isAtStart();
    const open = take();
    lines.write(open.text, place);
    lines.setOpen([]);
    const openColumn = lines.column() - 1;
    const outer = opensLine ? place.indent : base;
    /** Where entries begin; not known before the first one. */
    let inner: number | null = null;
    let isHanging = false;
    let last: TokenKind = open.kind;
    let first: Line | undefined;
    for (let token = peek(); token !== undefined && token.kind !== "}" && token.kind !== "]"; token = peek()) {
      const gap = needsGap(last, token.kind);
      if (inner === null) {
        isHanging = !lines.isAtStart();
        inner = isHanging ? lines.column() + (gap ? 1 : 0) : outer + STEP;
      }
      const beginsEntry = last === open.kind || last === "," || token.kind === ",";
      const at: Place = { indent: beginsEntry ? inner : inner + STEP, gap, commentIndent: inner };
      if (token.kind === "{" || token.kind === "[") writeFlow(at, inner, level);
      else if (token.kind === "scalar") writeScalar(at, inner + STEP, level);
      else write(token.kind, at);
      if (last === open.kind || last === ",") first = lines.current();
      const line = lines.current();
      if (line !== undefined && line === first) line.run = run;
      last = token.kind === "{" || token.kind === "[" ? "}" : token.kind;
    }
    const close = take();
    const gap = close.kind === "}" ? last !== open.kind : needsGap(last, close.kind);
    lines.write(close.text, {
      indent: isHanging ? openColumn : outer,
      gap,
      commentIndent: inner ?? outer + STEP,
    });
  };

  /**
   * The value of an entry, if it has one, after its key or dash. Says whether it is in brackets.
   * `base` is where a bracket ends.
   */
  const writeValue = (tree: Tree, levels: readonly Level[], gap: boolean, base: number): boolean => {
    const level = levels.at(-1) ?? { from: 0, to: 0 };
    const inside = levels.length === 0 ? 0 : level.to + STEP;
    const token = peek();
    const isFlow = token?.kind === "{" || token?.kind === "[";
    const place = { indent: inside, gap };
    if (isFlow && (tree.kind === "mapping" || tree.kind === "list")) {
      writeFlow(place, base, level);
      lines.setOpen(levels);
    } else if (tree.kind === "mapping") writeMapping(tree.entries, levels, gap);
    else if (tree.kind === "list") writeList(tree.items, levels, gap);
    else if (token !== undefined && token.offset === tree.at.start) {
      // A document has no margin: what is at its root could otherwise look like a marker.
      const isRoot = levels.length === 0;
      const indent = isRoot && "text" in tree && MARKER.test(tree.text) ? STEP : inside;
      writeScalar({ indent, gap }, isRoot ? STEP : inside, level);
      lines.setOpen(levels);
    }
    return isFlow;
  };

  const writeMapping = (entries: readonly Entry[], outer: readonly Level[], gap: boolean): void => {
    const run = {};
    const margin = outer.length === 0 && entries.some(({ key }) => MARKER.test(key)) ? STEP : 0;
    const level = { from: peek()?.column ?? 0, to: outer.length === 0 ? margin : indentBelow(outer) };
    const levels = [...outer, level];
    const below = [...levels, { from: level.from + 1, to: level.to + STEP }];
    entries.forEach(({ value }, index) => {
      const place = { indent: level.to, gap: gap && index === 0 };
      const isExplicit = peek()?.kind === "?";
      const before = lines.isAtStart() ? 0 : (lines.current()?.text.length ?? 0) + (place.gap ? 1 : 0);
      if (isExplicit) {
        write("?", place);
        lines.setOpen(below);
        writeScalar({ indent: level.to + STEP, gap: true }, level.to + STEP, level);
        lines.setOpen(levels);
      } else write("scalar", place);
      const first = lines.current();
      let isFlow = false;
      let valueAt = 0;
      const colon = peek();
      if (colon?.kind === ":") {
        // A key without question mark has its colon on its line, whatever the reader lets pass.
        if (!isExplicit && lines.isAtStart()) throw new Misfit(colon.offset);
        write(":", { indent: level.to, gap: false });
        lines.setOpen(below);
        valueAt = (lines.current()?.text.length ?? 0) + 1;
        isFlow = writeValue(value, levels, true, isExplicit ? level.to + STEP : level.to);
      }
      const line = lines.current();
      if (line === undefined || line !== first) return;
      line.run = run;
      line.pair = isFlow && !isExplicit ? { keyAt: before, valueAt } : null;
    });
  };

  const writeList = (items: readonly Tree[], outer: readonly Level[], gap: boolean): void => {
    const run = {};
    const level = { from: peek()?.column ?? 0, to: outer.length === 0 ? 0 : indentBelow(outer) };
    const levels = [...outer, level];
    const below = [...levels, { from: level.from + 1, to: level.to + STEP }];
    items.forEach((item, index) => {
      const first = write("-", { indent: level.to, gap: gap && index === 0 });
      lines.setOpen(below);
      writeValue(item, levels, true, level.to + STEP);
      const line = lines.current();
      if (line === undefined || line !== first) return;
      line.run = run;
      line.pair = null;
    });
  };

  let isMarked = false;
  for (; peek()?.kind === "marker"; isMarked = true) write("marker", { indent: 0, gap: false });
  writeValue(root, [], isMarked, 0);
  while (peek() !== undefined) write("marker", { indent: 0, gap: false });
  return lines.end();
}

function indentBelow(levels: readonly Level[]): number {
  return (levels.at(-1)?.to ?? 0) + STEP;
}

/** Whether a blank stands between two words in brackets that are on one line. */
function needsGap(last: TokenKind, next: TokenKind): boolean {
  if (last === "," || last === ":" || last === "?") return true;
  return last === "{" && next !== "}";
}
