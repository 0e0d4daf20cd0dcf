/**
 * What Gatehouse itself serves below `/_gatehouse/` on the public listener, for the environment's domain.
 *
 * In: method and path in normal form, the query and cookies for sign-in. Out: an answer, or null when there is none.
 * Not here: sign-in itself (identity), temporary credentials (sts).
 * INVARIANT: decided by path and listener alone; nothing here tells about the policy.
 */
import type { AssertionSigner, Sessions, WebRequest, WebResponse } from "../identity/index.ts";

export interface OwnAnswer extends Omit<WebResponse, "reason"> {
  readonly reason: WebResponse["reason"] | "own-endpoint";
}

const ROOT = "/_gatehouse";
/** A key is published an hour before it signs and a day after: a reader may keep them this long. */
const KEYS_MAX_AGE_SECONDS = 300;

/** A token of 20,000 characters and all that a request for credentials can hold beside it. */
export const MAX_STS_BODY_BYTES = 65_536;

/** SDKs differ in whether they write the `/` that ends an endpoint's path. */
export function isStsPath(path: string): boolean {
  return path === `${ROOT}/sts` || path === `${ROOT}/sts/`;
}

export function isOwnPath(path: string): boolean {
  return path.startsWith(ROOT) && (path.length === ROOT.length || path.charCodeAt(ROOT.length) === 0x2f);
}

export async function answerOwnEndpoint(
  parts: { readonly assertions: AssertionSigner; readonly sessions: Sessions | null },
  request: WebRequest,
): Promise<OwnAnswer | null> {
  const document =
    request.method === "GET" || request.method === "HEAD" ? documentAt(parts.assertions, request.path) : null;
  if (document !== null) return document;
  return parts.sessions === null ? null : parts.sessions.handle(request);
}

function documentAt(assertions: AssertionSigner, path: string): OwnAnswer | null {
  switch (path) {
    case `${ROOT}/health`:
      return json({ status: "ok" }, "no-store");
    case `${ROOT}/jwks.json`:
      return json(assertions.jwks(), `public, max-age=${KEYS_MAX_AGE_SECONDS}`);
    case `${ROOT}/.well-known/openid-configuration`:
      return json(assertions.discovery(), `public, max-age=${KEYS_MAX_AGE_SECONDS}`);
    default:
      return null;
  }
}

function json(value: object, cacheControl: string): OwnAnswer {
  return {
    status: 200,
    headers: { "content-type": "application/json", "cache-control": cacheControl },
    body: JSON.stringify(value),
    reason: "own-endpoint",
  };
}

/** Flat names and values of an answer, its length among them. */
export function headersOfAnswer({ headers, body }: OwnAnswer): string[] {
  const flat: string[] = [];
  for (const [name, value] of Object.entries(headers))
    if (name !== "content-length")
      for (const item of typeof value === "string" ? [value] : value) flat.push(name, item);
  flat.push("content-length", String(Buffer.byteLength(body)));
  return flat;
}
