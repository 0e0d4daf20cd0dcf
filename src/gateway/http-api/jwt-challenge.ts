/**
 * What a client hears of a refused token: the value of `www-authenticate`.
 *
 * In: why, and the scopes of the route. Out: status, challenge, and `$context.authorizer.error`.
 * Source: API Gateway developer guide, "Troubleshooting HTTP API JWT authorizers"; RFC 6750 section 3. Texts that AWS is
 * not known to have are ours.
 * INVARIANT: nothing of the token or of the request is in it.
 */
import type { ClaimProblem } from "./jwt-claims.ts";

export interface JwtRefusal {
  readonly ok: false;
  readonly status: 401 | 403;
  /** Value of `www-authenticate`. */
  readonly challenge: string;
  /** `$context.authorizer.error`. */
  readonly error: string;
}

export type JwtProblem =
  | ClaimProblem
  | "segments"
  | "encoding"
  | "algorithm"
  | "critical"
  | "no-key-id"
  | "unknown-key"
  | "signature"
  | "discovery"
  | "jwks";

export const DESCRIPTIONS: Readonly<Record<JwtProblem, string>> = {
  // As AWS was seen or is documented to say it.
  segments: "token contains an invalid number of segments",
  issuer: "issuer does not match",
  audience: "the token does not have a valid audience",
  expired: "the token has expired",
  discovery: "OIDC discovery endpoint communication error",
  jwks: "JWKS communication error",
  // Ours.
  encoding: "the token cannot be decoded",
  algorithm: "the signing algorithm is not accepted",
  critical: "the token has a critical extension",
  "no-key-id": "the token does not name its key",
  "unknown-key": "the key of the token is not known",
  signature: "the signature is invalid",
  "no-expiry": "the token does not expire",
  "not-yet-valid": "the token is not valid yet",
  "issued-later": "the token was issued in the future",
  "not-issued": "the token does not say when it was issued",
  "identity-token": "the token is not an access token",
};

export const NO_TOKEN: JwtRefusal = {
  ok: false,
  status: 401,
  challenge: "Bearer",
  error: "missing: token not provided",
};

/** 401. `scopes` are those of the route. */
export function refuseToken(problem: JwtProblem, scopes: readonly string[]): JwtRefusal {
  const error = DESCRIPTIONS[problem];
  return { ok: false, status: 401, challenge: challengeOf(scopes, "invalid_token", error), error };
}

/** 403. */
export function refuseScopes(scopes: readonly string[]): JwtRefusal {
  const error = `expected scopes: [${scopes.join(" ")}]`;
  return { ok: false, status: 403, challenge: challengeOf(scopes, "insufficient_scope", error), error };
}

function challengeOf(scopes: readonly string[], error: string, description: string): string {
  return `Bearer scope="${scopes.join(" ")}" error="${error}" error_description="${description}"`;
}
