/**
 * How a request presents itself: with a token, as a navigation of a browser, from another site.
 *
 * In: header values. Out: yes or no, or the token.
 * Source: RFC 6750 2.1, API Gateway's JWT authorizer (a bare token is taken too), Fetch Metadata, RFC 6454.
 */
import type { IncomingHttpHeaders } from "node:http";

const BEARER = /^bearer +/i;

/** The token in an `Authorization` value: after `Bearer`, or the whole value when it is one word. Null for other schemes. */
export function bearerToken(authorization: string): string | null {
  const scheme = BEARER.exec(authorization);
  if (scheme !== null) return authorization.slice(scheme[0].length).trimEnd();
  return authorization === "" || authorization.includes(" ") ? null : authorization;
}

const DPOP = /^dpop +/i;

/** The token in an `Authorization` value of the scheme `DPoP`. Null for other schemes. Source: RFC 9449 7.1. */
export function dpopToken(authorization: string): string | null {
  const scheme = DPOP.exec(authorization);
  return scheme === null ? null : authorization.slice(scheme[0].length).trimEnd();
}

/** A person went to this address; for everything else a redirect to a sign-in page is of no use. */
export function isNavigation(method: string, headers: IncomingHttpHeaders): boolean {
  if (method !== "GET" && method !== "HEAD") return false;
  const mode = headers["sec-fetch-mode"];
  return mode === undefined ? (headers.accept?.includes("text/html") ?? false) : mode === "navigate";
}

/** A request that may change something and does not come from our own pages, or does not say so. */
export function isCrossSite(headers: IncomingHttpHeaders, ownOrigin: string): boolean {
  const site = headers["sec-fetch-site"];
  if (site === "same-origin" || site === "none") return false;
  return headers.origin !== ownOrigin;
}
