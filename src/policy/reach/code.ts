/** Texts of a policy inside of sentences. INVARIANT: a value cannot end its own backticks, so it cannot forge words. */

/** The value in backticks; those within it are written by their code. */
export function code(value: string): string {
  return `\`${plain(value)}\``;
}

export function plain(value: string): string {
  return value.replaceAll("`", "\\u{60}");
}
