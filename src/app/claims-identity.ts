/**
 * Who claims say somebody is, for questions that no token is needed for: the same reading as a verified token gets, with
 * what only a real token has filled in.
 */
import { type Identity, type TokenReason, readIdentity } from "../identity/index.ts";
import { type Policy, listUsedClaims } from "../policy/index.ts";

/** The identity of a token with these claims, issued `tokenAgeMs` before `atMs`; or why no such token is accepted. */
export function identityOfClaims(
  policy: Policy,
  claims: Readonly<Record<string, unknown>>,
  options: { readonly issuer: string | null; readonly atMs: number; readonly tokenAgeMs: number },
): Identity | TokenReason | "unknown-issuer" {
  const { identity } = policy;
  const named = identity.issuers.find((candidate) => candidate.name === options.issuer);
  const source = options.issuer === null ? identity : named;
  if (source === undefined) return "unknown-issuer";
  const { issuer, audience } = source;
  const issuedAt = Math.floor((options.atMs - options.tokenAgeMs) / 1000);
  const filled = {
    sub: claims["client_id"] ?? "somebody",
    iat: issuedAt,
    auth_time: issuedAt,
    ...claims,
    iss: issuer,
    aud: audience,
    exp: Math.floor(options.atMs / 1000) + 300,
  };
  const rules = {
    issuer,
    audience,
    claims: source.claims,
    issuerName: options.issuer,
    hasPeople: named !== undefined && named.login !== null,
    usedClaims: listUsedClaims(policy),
  };
  return readIdentity(filled, rules, options.atMs);
}
