/** How many columns a text takes: one for each code point. Wide and combining characters are not known here. */
export function measureWidth(text: string): number {
  // Most texts are ASCII, where the length says it.
  // oxlint-disable-next-line no-control-regex -- all of ASCII is meant
  return /^[\0-\x7f]*$/.test(text) ? text.length : Array.from(text).length;
}
