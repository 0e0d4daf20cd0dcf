/**
 * The one meaning of a request target's path, or a refusal.
 *
 * In: the target exactly as it stood in the request line. Out: the path decoded for matching, and as it was sent.
 * Every spelling that two hops could read differently is refused, so the path that is decided on is the path that the
 * service sees; nothing is ever cleaned up, merged or resolved.
 * Source: RFC 9112 3.2.1, RFC 3986 3.3 and 6.2.2; docs/spec/policy-language.md chapter 6.
 * INVARIANT: `path` holds no control character and none of `\ ; ? # %`, no empty segment except after a final `/`, and
 * no segment that some system takes for `.` or `..`; its segments are those of `rawPath`, decoded.
 */

export type NormalPath =
  | {
      readonly ok: true;
      /** Decoded, for matching. */
      readonly path: string;
      /** As sent, without query. */
      readonly rawPath: string;
      /** As sent, with the leading `?`; empty when there is none. */
      readonly query: string;
    }
  | { readonly ok: false; readonly reason: "request-path" };

const REFUSED: NormalPath = { ok: false, reason: "request-path" };

const SLASH = 0x2f;
const DOT = 0x2e;
const PERCENT = 0x25;

/** By character code: 1 when it may stand for itself in a path. `[`, `]` and `|` are there because browsers send them. */
const PLAIN = new Uint8Array(128);
for (const character of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,=:@/%[]|")
  PLAIN[character.charCodeAt(0)] = 1;

/** What an encoded byte may not turn into: it would end or cut a segment for somebody, or be decoded once more. */
const AMBIGUOUS_WHEN_DECODED = new Set(["/", "\\", ";", "?", "#", "%"]);

/** The normal form of a request target. Total: any string gives an answer. */
export function normalizePath(rawTarget: string): NormalPath {
  const end = endOfPath(rawTarget);
  if (end === null) return REFUSED;
  const rawPath = rawTarget.slice(0, end.at);
  const path = end.encoded ? decode(rawPath) : rawPath;
  if (path === null || !hasPlainSegments(path)) return REFUSED;
  return { ok: true, path, rawPath, query: rawTarget.slice(end.at) };
}

/** Where the path ends, and whether it holds encoded bytes; null when a character is not allowed in the target. */
function endOfPath(target: string): { readonly at: number; readonly encoded: boolean } | null {
  if (target.charCodeAt(0) !== SLASH) return null;
  let encoded = false;
  for (let i = 1; i < target.length; i++) {
    const code = target.charCodeAt(i);
    if (PLAIN[code] !== 1) return code === 0x3f && isPlainQuery(target, i) ? { at: i, encoded } : null;
    if (code === PERCENT) encoded = true;
  }
  return { at: target.length, encoded };
}

/** A query is passed on as it came: visible ASCII without `#`. */
function isPlainQuery(target: string, start: number): boolean {
  for (let i = start; i < target.length; i++) {
    const code = target.charCodeAt(i);
    if (code <= 0x20 || code >= 0x7f || code === 0x23) return false;
  }
  return true;
}

function decode(rawPath: string): string | null {
  let decoded = "";
  for (let i = 0; i < rawPath.length;) {
    const start = rawPath.indexOf("%", i);
    if (start === -1) return decoded + rawPath.slice(i);
    let end = start;
    while (rawPath.charCodeAt(end) === PERCENT) end += 3;
    const bytes = decodeBytes(rawPath.slice(start, end));
    if (bytes === null) return null;
    decoded += rawPath.slice(i, start) + bytes;
    i = end;
  }
  return decoded;
}

/** The text of a run of encoded bytes; null for bad hexadecimal, bad UTF-8 (over-long forms too) and ambiguous text. */
function decodeBytes(encoded: string): string | null {
  let text: string;
  try {
    text = decodeURIComponent(encoded);
  } catch {
    return null;
  }
  for (const character of text) {
    const code = character.charCodeAt(0);
    if (code < 0x20 || (code >= 0x7f && code < 0xa0) || AMBIGUOUS_WHEN_DECODED.has(character)) return null;
  }
  return text;
}

/**
 * No empty segment, and none that can be read as `.` or `..`: not one of dots only, not one that ends in two dots, and
 * not one that ends in a dot before a further segment (some file systems drop trailing dots).
 */
function hasPlainSegments(path: string): boolean {
  for (let start = 1; start <= path.length;) {
    const slash = path.indexOf("/", start);
    const end = slash === -1 ? path.length : slash;
    if (end === start && slash !== -1) return false;
    if (path.charCodeAt(end - 1) === DOT && end > start) {
      const isLast = slash === -1;
      if (!isLast || end - start === 1 || path.charCodeAt(end - 2) === DOT) return false;
    }
    start = end + 1;
  }
  return true;
}
