/**
 * What is wrong with a text that is not YAML, in the words of somebody who writes a policy.
 *
 * In: a problem as the package `yaml` gives it, the text. Out: message, hint and place. The package speaks of its own
 * grammar ("flow-seq-end token"); who reads the message wants to know which character to change.
 */
import type { YAMLError } from "yaml";

export interface SyntaxProblem {
  readonly message: string;
  readonly hint: string;
  readonly start: number;
  readonly end: number;
  /** What is found after it is a consequence. */
  readonly hidesRest: boolean;
}

const CONFLICT = /^(?:<{7}|={7}|>{7}|\|{7})(?: .*)?$/m;
export const AFTER_VALUE = "something stands after a value that is complete";
export const REST_HINT = "put the whole value in quotes, or remove the rest";
export const EMPTY_ENTRY = "there is no entry before this comma";
export const COMMA_HINT = "remove the comma";
export const EXTRA_HINT = "remove it, or put the value in quotes";
const BAD_COLUMN = "the indentation is that of nothing above";
const INDENT_HINT = "give all keys of one mapping, and all dashes of one list, the same indentation";

/** Null for a text without marks of a merge that was not finished. */
export function describeConflict(text: string): SyntaxProblem | null {
  const found = CONFLICT.exec(text);
  if (found === null) return null;
  const message = "a merge conflict was left here";
  const hint = "keep one of the two sides and remove the marked lines";
  return { message, hint, start: found.index, end: found.index + found[0].length, hidesRest: true };
}

export function describeSyntax({ code, message, pos }: YAMLError, text: string): SyntaxProblem {
  const [start, end] = pos;
  const lineEnd = text.indexOf("\n", start) === -1 ? text.length : text.indexOf("\n", start);
  const rest = text.slice(start, Math.min(lineEnd, start + 2000));
  const problem = (
    said: string,
    hint: string,
    more: Partial<Omit<SyntaxProblem, "message" | "hint">> = {},
  ): SyntaxProblem => ({
    message: said,
    hint,
    start,
    end: Math.max(start, Math.min(end, lineEnd)),
    hidesRest: false,
    ...more,
  });
  switch (code) {
    case "MULTILINE_IMPLICIT_KEY":
      return describeLine(rest, problem);
    case "BLOCK_AS_IMPLICIT_KEY":
      if (message.startsWith("A block sequence")) return problem(BAD_COLUMN, INDENT_HINT, contentOf(text, start));
      if (/: |:$/.test(rest)) {
        const hint = "put the value in quotes, or the inner mapping on lines of its own";
        return problem("a second key begins on the same line", hint);
      }
      return describeNextLine(text, lineEnd, problem);
    case "BAD_INDENT":
      if (message.startsWith("Flow ")) return describeOpen(message, text, start, problem);
      return problem(BAD_COLUMN, INDENT_HINT, contentOf(text, start));
    case "BAD_SCALAR_START":
      return describeStart(text.charAt(start), problem);
    case "BAD_DQ_ESCAPE": {
      const hint = "write `\\\\` for a backslash, or use single quotes, in which it has no meaning";
      return problem(`\`${message.replace(/^.* /, "").slice(0, 2)}\` means nothing between double quotes`, hint);
    }
    case "BAD_ALIAS":
      return describeStart(text.charAt(start), problem);
    case "BLOCK_IN_FLOW":
      return problem("a second key begins inside this value", "put a comma before the key, or the value in quotes");
    case "KEY_OVER_1024_CHARS":
      return problem("the key has more than 1024 characters", "write a shorter key");
    case "MULTIPLE_ANCHORS":
      return problem("a value has two anchors", "remove both; anchors are not taken");
    case "MULTIPLE_TAGS":
      return problem("a value has two tags", "remove both; tags are not taken");
    case "MISSING_CHAR":
      return describeMissing(message, text, start, rest, problem);
    case "UNEXPECTED_TOKEN":
      return describeUnexpected(
        message,
        rest,
        /(?:^|\n) *$/.test(text.slice(Math.max(0, start - 200), start)),
        problem,
      );
    default: {
      const [line = ""] = message.split("\n");
      const said = line.charAt(0).toLowerCase() + line.slice(1).replace(/[.:]$/, "");
      return problem(`not YAML: ${said}`, "check indentation, brackets, quotes and the space after each colon");
    }
  }
}

type Say = (message: string, hint: string, more?: Partial<Omit<SyntaxProblem, "message" | "hint">>) => SyntaxProblem;

function describeStart(character: string, problem: Say): SyntaxProblem {
  const shown = character === "`" ? "a backtick" : `\`${character}\``;
  return problem(`a value without quotes cannot begin with ${shown}`, "put it in quotes");
}

/** A line where a key and a value are expected. */
function describeLine(rest: string, problem: Say): SyntaxProblem {
  const colon = /^[^\s:#"']+:(?=[^\s/])/.exec(rest);
  if (colon !== null) return problem("a space is missing after the colon", "write `key: value` with one space");
  if (rest.startsWith("- ") || rest === "-")
    return problem("an entry of a list stands among keys", "indent it under the key whose list it belongs to");
  return problem("the line is neither a key with its value nor an entry of a list", "write `key: value` or `- entry`");
}

function describeNextLine(text: string, lineEnd: number, problem: Say): SyntaxProblem {
  const place = contentOf(text, Math.min(lineEnd + 1, text.length));
  const said = "the line is indented further, but the key above has its value already";
  return problem(said, "indent it like the key above, or remove the value of that key", place);
}

/** The first line from `from` on that says something, without its indentation. */
function contentOf(text: string, from: number): { readonly start: number; readonly end: number } {
  const [blank = ""] = /^\s*/.exec(text.slice(from, from + 2000)) ?? [];
  const start = from + blank.length;
  const lineEnd = text.indexOf("\n", start);
  return { start, end: lineEnd === -1 ? text.length : lineEnd };
}

/** Brackets that are never closed are shown where they open: where they should close, nothing is to be seen. */
function describeOpen(message: string, text: string, start: number, problem: Say): SyntaxProblem {
  const [open, close] = message.startsWith("Flow map") ? ["{", "}"] : ["[", "]"];
  const at = findOpenBracket(text, start);
  const place = at === null ? {} : { start: at, end: at + 1 };
  const hint = `write \`${close}\`; what stands between brackets is indented further than the key before them`;
  return problem(`\`${open}\` is not closed`, hint, { ...place, hidesRest: true });
}

/** The innermost bracket that is open at `end`, by going back over what is closed; null when it is not clear. */
function findOpenBracket(text: string, end: number): number | null {
  let closed = 0;
  for (let at = end - 1; at >= 0 && end - at < 100_000; at--) {
    const character = text.charAt(at);
    if (character === "]" || character === "}") closed++;
    else if ((character === "[" || character === "{") && closed-- === 0) return at;
  }
  return null;
}

function describeMissing(message: string, text: string, start: number, rest: string, problem: Say): SyntaxProblem {
  const [, quote] = /^Missing closing (["'])/.exec(message) ?? [];
  if (quote !== undefined) {
    const at = findOpenQuote(text, quote);
    const hint =
      quote === "'" ? "write `'` at its end; within single quotes a `'` is written `''`" : 'write `"` at its end';
    return problem("the quote is not closed", hint, {
      ...(at === null ? {} : { start: at, end: at + 1 }),
      hidesRest: true,
    });
  }
  if (message.startsWith("Flow ")) return describeOpen(message, text, start, problem);
  if (message.startsWith("Comments must be"))
    return problem("a space is missing before the comment", "write ` #`", { start, end: start + 1 });
  if (message.startsWith("Tags and anchors")) return problem("a space is missing here", "put the value in quotes");
  if (message.startsWith("Implicit map keys")) return describeLine(rest, problem);
  if (/^Missing (?:space after :|, or :|,)/.test(message))
    return problem("a comma is missing before this, or a space after the colon", "write `{ key: value, key: value }`");
  return problem(`not YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`, "check brackets and quotes");
}

/** The quote that opens the last quoted text, which is the one that runs to the end of the file. */
function findOpenQuote(text: string, quote: string): number | null {
  const found = text.search(quote === '"' ? /(?<=^|[\s,[{])"(?:[^"\\]|\\[^])*$/ : /(?<=^|[\s,[{])'(?:[^']|'')*$/);
  return found === -1 ? null : found;
}

function describeUnexpected(message: string, rest: string, startsLine: boolean, problem: Say): SyntaxProblem {
  const first = rest.charAt(0);
  const isComplete = /^Unexpected (?:scalar|(?:double|single)-quoted-scalar|flow-collection|alias)(?: |$)/.test(
    message,
  );
  if (isComplete && startsLine)
    return problem("the line does not belong to what stands above", "write lines `key: value` in one column", {
      hidesRest: true,
    });
  if (message.startsWith("Unexpected block-seq-ind"))
    return problem("a list begins on the line of its key", "put each `- entry` on its own line, or write `[entry]`");
  if (isComplete)
    return problem(AFTER_VALUE, REST_HINT, {
      hidesRest: true,
    });
  if (first === ",") return problem(EMPTY_ENTRY, COMMA_HINT);
  if (message.startsWith("Block scalar header"))
    return problem("something stands after the sign for a text of several lines", "put the value in quotes");
  const sign = first.trim() === "" ? "this" : `\`${first}\``;
  return problem(`${sign} has no place here`, EXTRA_HINT, { hidesRest: true });
}
