/**
 * Cookies as browsers send and keep them, for our own names only.
 *
 * INVARIANT: every cookie set here is `__Host-`: this host alone, over TLS, for all paths, out of reach of scripts and
 * of other sites' requests. A name that comes twice is nobody's: which of two was planted cannot be told.
 * Source: RFC 6265bis sections 4.1.3 and 5.4.
 */
export const COOKIE_PREFIX = "__Host-gatehouse";

/** Cookies whose name begins with our prefix; null stands for a name that came more than once. */
export function readOurCookies(cookieHeader: string | undefined): ReadonlyMap<string, string | null> {
  const cookies = new Map<string, string | null>();
  if (cookieHeader === undefined || !cookieHeader.includes(COOKIE_PREFIX)) return cookies;
  for (const part of cookieHeader.split(";")) {
    const separator = part.indexOf("=");
    if (separator === -1) continue;
    const name = part.slice(0, separator).trim();
    if (!name.startsWith(COOKIE_PREFIX)) continue;
    cookies.set(name, cookies.has(name) ? null : part.slice(separator + 1).trim());
  }
  return cookies;
}

/** A `Set-Cookie` value. Without `maxAgeSeconds` the cookie ends with the browser session; 0 removes it. */
export function formatSetCookie(name: string, value: string, maxAgeSeconds?: number): string {
  const age = maxAgeSeconds === undefined ? "" : `; Max-Age=${maxAgeSeconds}`;
  return `${name}=${value}; Path=/; Secure; HttpOnly; SameSite=Lax${age}`;
}

export function formatRemoveCookie(name: string): string {
  return formatSetCookie(name, "", 0);
}
