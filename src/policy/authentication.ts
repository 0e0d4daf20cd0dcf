/**
 * How a caller has to have signed in for a route (`authentication:`), and whether it has.
 * INVARIANT: total; what is not known (a claim, a time) does not fit.
 * Source: docs/spec/policy-language.md PL-5.15 and PL-8.8; RFC 9470; OpenID Connect Core 1.0 section 2 (`acr`, `auth_time`).
 */
import { formatDuration } from "../core/index.ts";
import type { Caller } from "./decision.ts";
import { claimOf } from "./members.ts";
import type { Authentication } from "./policy.ts";

export const ACR_CLAIM = "acr";

/** @param atMs null when it is not known; then nothing is recent */
export function isAuthenticated(
  { acr, maxAgeSeconds }: Authentication,
  caller: Pick<Caller, "claims" | "authTimeSeconds">,
  atMs: number | null,
): boolean {
  if (acr.length > 0 && !claimOf(caller, ACR_CLAIM).some((value) => acr.includes(value))) return false;
  if (maxAgeSeconds === null) return true;
  const signedIn = caller.authTimeSeconds ?? null;
  // In whole seconds, as the claim is.
  return signedIn !== null && atMs !== null && Math.floor(atMs / 1000) - Math.floor(signedIn) <= maxAgeSeconds;
}

/** `signed in with \`mfa\` or \`phr\` at most 5 minutes ago`. */
export function describeAuthentication({ acr, maxAgeSeconds }: Authentication): string {
  const how = acr.length === 0 ? "" : ` with ${acr.map((value) => `\`${value}\``).join(" or ")}`;
  const when = maxAgeSeconds === null ? "" : ` at most ${formatDuration(maxAgeSeconds * 1000)} ago`;
  return `signed in${how}${when}`;
}
