/**
 * What a route asks of a sign-in: how, and how recently. Asked of the provider, and held against what it says then.
 *
 * INVARIANT: what the provider does not say is not taken for said; whoever comes back with less than was asked for is
 * told so and not sent again.
 * Source: RFC 9470; OpenID Connect Core 1.0 sections 2 and 3.1.2.1 (`acr_values`, `max_age`).
 */
import { formatDuration } from "../core/index.ts";
import type { Identity } from "./identity.ts";
import { renderPage } from "./pages.ts";
import { isJsonObject } from "./strict-json.ts";
import type { WebResponse } from "./web-response.ts";

export interface AskedSignIn {
  /** One of these; empty for any. */
  readonly acr: readonly string[];
  /** Since the person signed in, at most; null for any. */
  readonly maxAgeSeconds: number | null;
}

const MAX_ACR_CHARS = 2048;
const ACR_VALUES = /^[!#-[\]-~]+(?: [!#-[\]-~]+)*$/;
const SECONDS = /^(?:0|[1-9]\d{0,8})$/;

/** Parameters of an authorization request. */
export function askedParameters(asked: AskedSignIn | null): Record<string, string> {
  return {
    ...(asked === null || asked.acr.length === 0 ? {} : { acr_values: asked.acr.join(" ") }),
    ...(asked === null || asked.maxAgeSeconds === null ? {} : { max_age: String(asked.maxAgeSeconds) }),
  };
}

/** What a link to the sign-in address asks for in the same parameters; null for nothing, or nothing that can be read. */
export function readAskedSignIn(query: string): AskedSignIn | null {
  const parameters = new URLSearchParams(query);
  const [acr = "", ...moreAcr] = parameters.getAll("acr_values");
  const [age = "", ...moreAges] = parameters.getAll("max_age");
  const hasAcr = moreAcr.length === 0 && acr.length <= MAX_ACR_CHARS && ACR_VALUES.test(acr);
  const hasAge = moreAges.length === 0 && SECONDS.test(age);
  return hasAcr || hasAge ? { acr: hasAcr ? acr.split(" ") : [], maxAgeSeconds: hasAge ? Number(age) : null } : null;
}

/** What an attempt remembers; undefined for anything else. */
export function decodeAskedSignIn(value: unknown): AskedSignIn | null | undefined {
  if (value === null) return null;
  if (!isJsonObject(value)) return undefined;
  const { acr, maxAgeSeconds } = value as { readonly acr?: unknown; readonly maxAgeSeconds?: unknown };
  const isAcr = Array.isArray(acr) && acr.every((text) => typeof text === "string");
  const isAge = maxAgeSeconds === null || typeof maxAgeSeconds === "number";
  return isAcr && isAge ? { acr, maxAgeSeconds } : undefined;
}

/** Whether what the provider says of the sign-in is what was asked for. */
export function isAsAsked(identity: Identity, asked: AskedSignIn | null, nowMs: number): boolean {
  if (asked === null) return true;
  const { acr, maxAgeSeconds } = asked;
  const given = Object.hasOwn(identity.claims, "acr") ? (identity.claims["acr"] ?? []) : [];
  if (acr.length > 0 && !given.some((value) => acr.includes(value))) return false;
  if (maxAgeSeconds === null) return true;
  const { authTimeSeconds } = identity;
  return authTimeSeconds !== null && Math.floor(nowMs / 1000) - Math.floor(authTimeSeconds) <= maxAgeSeconds;
}

/** The person is signed in, and may go everywhere but where more was asked for. */
export function weakerSignInPage(asked: AskedSignIn, returnTo: string, setCookie: readonly string[]): WebResponse {
  const { acr, maxAgeSeconds } = asked;
  const how = acr.length === 0 ? "" : ` with ${acr.join(" or ")}`;
  const when = maxAgeSeconds === null ? "" : ` at most ${formatDuration(maxAgeSeconds * 1000)} ago`;
  return renderPage({
    status: 403,
    reason: "login-weaker-than-asked",
    title: "This page asks for another sign-in",
    paragraphs: [
      `It is for people who have signed in${how}${when}. The identity provider did not say that of you.`,
      "You are signed in, and other pages work as before.",
    ],
    link: { href: returnTo, text: "Try again" },
    headers: { "set-cookie": setCookie },
  });
}
