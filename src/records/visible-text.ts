/**
 * Text from outside made fit for a terminal.
 *
 * INVARIANT: what comes out has no character that moves the cursor, colours, rings, hides, reorders or ends the line.
 */

/** Controls, format characters (bidirectional ones too), surrogates, private use, unassigned, line and paragraph ends. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]/gu;
const MAX_SHOWN = 2048;

/** The text with each such character as `\u{…}`; at most 2048 characters of it. */
export function visibleText(text: string): string {
  const shown = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
  return shown.replace(INVISIBLE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
