/** Answers of the sign-in and sign-out addresses that depend on no session, and who may ask for them. */
import { renderPage } from "./pages.ts";
import { SIGNED_IN_PATH } from "./return-to.ts";
import type { WebRequest, WebResponse } from "./web-response.ts";

/** A request that our own pages, or the person at the address bar, made. Source: Fetch Metadata, RFC 6454. */
export function isSameSite(request: WebRequest, baseUrl: string): boolean {
  const site = request.headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin" || site === "none";
  return request.method === "GET" || request.headers["origin"] === new URL(baseUrl).origin;
}

export function signedOutPage(): WebResponse {
  return renderPage({
    status: 200,
    reason: "signed-out",
    title: "You are signed out",
    paragraphs: ["You can close this window."],
    link: { href: "/", text: "Sign in again" },
  });
}

/** @param isSignedIn what the browser's cookie says */
export function signedInPage(isSignedIn: boolean): WebResponse {
  return renderPage({
    status: 200,
    reason: "signed-in",
    title: isSignedIn ? "You are signed in" : "You are not signed in",
    paragraphs: isSignedIn ? ["You can close this tab and go on in the one where you were."] : [],
    ...(isSignedIn ? {} : { link: { href: `/_gatehouse/login?return_to=${SIGNED_IN_PATH}`, text: "Sign in" } }),
  });
}

export function crossSitePage(): WebResponse {
  return renderPage({
    status: 403,
    reason: "logout-cross-site",
    title: "You are still signed in",
    paragraphs: ["Another site tried to sign you out."],
    link: { href: "/_gatehouse/logout", text: "Sign out" },
  });
}

/** The provider has done its part; there is nowhere to keep the session. */
export function storeAwayPage(returnTo: string): WebResponse {
  return renderPage({
    status: 503,
    reason: "session-store-unavailable",
    title: "Signing in is not possible right now",
    paragraphs: ["Sessions cannot be kept at the moment. Please try again in a moment."],
    link: { href: returnTo, text: "Try again" },
    headers: { "retry-after": "5" },
  });
}

export function methodNotAllowed(allowed: readonly string[]): WebResponse {
  const body = '{"message":"Method Not Allowed"}';
  return {
    status: 405,
    reason: "method-not-allowed",
    headers: {
      allow: allowed.join(", "),
      "content-type": "application/json",
      "content-length": String(body.length),
      "cache-control": "no-store",
    },
    body,
  };
}

/**
 * To the provider, which told of a sign-out. `problem` null: the sessions have ended.
 * Source: OpenID Connect Back-Channel Logout 1.0 section 2.8.
 */
export function backChannelAnswer(problem: string | null): WebResponse {
  const isOurs = problem === "keys-unavailable";
  const body = problem === null ? "" : JSON.stringify({ error: "invalid_request", error_description: problem });
  return {
    status: problem === null ? 200 : isOurs ? 503 : 400,
    reason: problem === null ? "logout-finished" : isOurs ? "login-provider-unavailable" : "logout-token-refused",
    headers: {
      "cache-control": "no-store",
      "content-length": String(Buffer.byteLength(body)),
      ...(problem === null ? {} : { "content-type": "application/json" }),
      ...(isOurs ? { "retry-after": "5" } : {}),
    },
    body,
  };
}
