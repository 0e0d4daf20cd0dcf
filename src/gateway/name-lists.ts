/**
 * Names of headers as one text, joined by commas: the same text again for the same names.
 *
 * In: a list with a name at each step. Out: the text, which is one and the same string as long as it is remembered, so
 * that whoever looks it up need not read it.
 * Why: clients and services are few, and each says the same names in the same order; comparing them with those of
 * before costs a tenth of joining and quoting them (on the path of every request).
 * INVARIANT: memory is bounded, whatever clients send.
 */

/** Longest text in characters: a record's texts are no longer. */
export const MAX_LIST = 1000;
/** A power of two. */
const SLOTS = 512;
const MAX_NAMES = 64;

interface Remembered {
  readonly names: readonly string[];
  readonly text: string;
}

const slots: (Remembered | undefined)[] = Array.from({ length: SLOTS });

/** @param step 2 for names and values in turn */
export function joinNames(list: readonly string[], step: 1 | 2): string {
  const count = list.length / step;
  let characters = 0;
  for (let i = 0; i < list.length; i += step) characters += (list[i] as string).length;
  if (count > MAX_NAMES || characters + count > MAX_LIST) return join(list, step);
  // Lists that differ and have as many names and characters take turns.
  const slot = (characters * 31 + count) & (SLOTS - 1);
  const known = slots[slot];
  if (known !== undefined && isSame(known.names, list, step)) return known.text;
  const names = list.filter((_, index) => index % step === 0);
  const text = names.join(",");
  slots[slot] = { names, text };
  return text;
}

function isSame(names: readonly string[], list: readonly string[], step: number): boolean {
  if (names.length * step !== list.length) return false;
  for (let i = 0; i < names.length; i++) if (names[i] !== list[i * step]) return false;
  return true;
}

/** Whole names up to the limit, and how many were left off. */
function join(list: readonly string[], step: number): string {
  let text = "";
  for (let i = 0; i < list.length; i += step) {
    const name = list[i] as string;
    if (text.length + name.length > MAX_LIST) return `${text}${text === "" ? "" : ","}${(list.length - i) / step}=more`;
    text += i === 0 ? name : `,${name}`;
  }
  return text;
}
