/**
 * Where a browser may be sent after signing in: a path on this very origin, and nothing that any reader of URLs takes
 * for another host.
 *
 * In: untrusted text. Out: path and query, `/` for whatever is not clearly ours.
 * Source: WHATWG URL (backslash and control characters), RFC 9700 section 4.11.
 */
const MAX_CHARS = 2048;
const OWN_PATHS = "/_gatehouse/";
/** Says in a tab of its own that signing in has worked. */
export const SIGNED_IN_PATH = "/_gatehouse/signed-in";
// eslint-disable-next-line no-control-regex -- control characters are the point
const FORBIDDEN = /[\u0000-\u0020\u007f-\u{10ffff}\\]/u;

export function safeReturnTo(wanted: string | null | undefined, baseUrl: string): string {
  if (typeof wanted !== "string" || wanted.length > MAX_CHARS || !isPlainPath(wanted)) return "/";
  // Encoded once more it may look different to the next reader.
  const decoded = decodeOnce(wanted.replace(/[?#].*$/s, ""));
  if (decoded === null || !isPlainPath(decoded)) return "/";
  const base = new URL(baseUrl);
  const url = URL.parse(wanted, base.href);
  if (url === null || url.origin !== base.origin || url.pathname.startsWith("//")) return "/";
  if (url.pathname.startsWith(OWN_PATHS)) return wanted === SIGNED_IN_PATH ? wanted : "/";
  return `${url.pathname}${url.search}`;
}

function isPlainPath(text: string): boolean {
  return text.startsWith("/") && !/^\/[/\\]/.test(text) && !FORBIDDEN.test(text);
}

function decodeOnce(text: string): string | null {
  try {
    // Letters beyond ASCII are fine when they were encoded.
    return decodeURIComponent(text).replace(/[\u00a0-\u{10ffff} ]/gu, "x");
  } catch {
    return null;
  }
}
