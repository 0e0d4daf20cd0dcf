/**
 * Characters that a reader of a file does not see, or that make it see another order than the one that counts.
 * Joiners and variation selectors are not among them: scripts and pictures need them.
 */
const INVISIBLE =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\ufffd]|(?!\u200c|\u200d|\p{Variation_Selector})[\p{Cf}\p{Default_Ignorable_Code_Point}]/u;
const EVERY_INVISIBLE = new RegExp(INVISIBLE, "gu");
/** The same, but for what a text of several lines is made of. */
const INVISIBLE_IN_FILE = new RegExp(`(?![\\t\\n]|\\r\\n)(?:${INVISIBLE.source})`, "u");
/** Texts of these characters alone, which nearly all are, need no closer look. */
const PLAIN = /^[ -~]*$/;
const PLAIN_FILE = /^[\t\n -~]*$/;

const REMOVE_HINT = "remove it";
const LINE_END_HINT = "save the file with line feeds at line ends";
/** In a text of one line they come from an escape. */
const ESCAPE_HINT = "remove it; between double quotes a `\\` is written `\\\\`";

export interface Invisible {
  readonly index: number;
  /** Goes on after the name of what holds it. */
  readonly problem: string;
  readonly hint: string;
}

/** The first one in a text of one line; null when there is none. */
export function findInvisible(text: string): Invisible | null {
  if (PLAIN.test(text)) return null;
  const found = INVISIBLE.exec(text);
  return found === null ? null : describe(found, (character) => (character < " " ? ESCAPE_HINT : REMOVE_HINT));
}

/** The same for a text of several lines. */
export function findInvisibleInFile(text: string): Invisible | null {
  if (PLAIN_FILE.test(text)) return null;
  const found = INVISIBLE_IN_FILE.exec(text);
  return found === null ? null : describe(found, (character) => (character === "\r" ? LINE_END_HINT : REMOVE_HINT));
}

/** The text with a `?` for each of them. */
export function showInvisible(text: string): string {
  return text.replace(EVERY_INVISIBLE, "?");
}

function describe({ 0: character, index }: RegExpExecArray, hintFor: (character: string) => string): Invisible {
  if (/[\ufffd\p{Cs}]/u.test(character))
    return { index, problem: "is not valid UTF-8 here", hint: "save the file as UTF-8" };
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  const turns = /\p{Bidi_Control}/u.test(character);
  return {
    index,
    problem: `holds the ${turns ? "character" : "invisible character"} U+${code}${turns ? ", which turns the direction of text" : ""}`,
    hint: hintFor(character),
  };
}
