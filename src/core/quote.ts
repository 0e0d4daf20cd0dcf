/** A value that somebody else wrote, inside a message: in backticks, on one line, cut when long. */
const MAX_QUOTED = 60;
/** What is not seen, or would move the cursor or turn the direction of text. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

export function quoted(value: string): string {
  const shown = value.length > MAX_QUOTED ? `${value.slice(0, MAX_QUOTED)}...` : value;
  return `\`${inOneLine(shown).replaceAll("`", "?")}\``;
}

/** A message that holds such values, with everything that is not seen as `?`. */
export function inOneLine(message: string): string {
  return message.replace(INVISIBLE, "?");
}
