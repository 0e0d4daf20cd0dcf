/**
 * From the provider's token answer to what a session may rely on.
 *
 * The right is the access token's when it is a token for our audience, checked by the very verifier that bearer tokens
 * go through. A provider whose access tokens are opaque or made for another audience gives the right by its ID token,
 * which was made for us and is checked likewise. Every other fault of the access token refuses the sign-in.
 * Claims that the policy asks for are those of the token that gives the right, as with a bearer token.
 * Source: OpenID Connect Core 1.0 section 3.1.3.7, RFC 9068.
 */
import type { Identity, TokenReason } from "./identity.ts";
import type { TokenVerifier } from "./token-verifier.ts";

export interface ProviderTokens {
  readonly accessToken: string;
  /** A provider need not give a new one when it refreshes. */
  readonly idToken: string | null;
}

export type RightResult =
  | { readonly ok: true; readonly identity: Identity }
  | { readonly ok: false; readonly reason: TokenReason | "keys-unavailable" };

/** Faults of an access token that only say that it is meant for somebody else. */
const NOT_FOR_US: ReadonlySet<string> = new Set(["token-malformed", "token-audience"]);

export async function readRight(
  tokens: ProviderTokens,
  verifier: TokenVerifier,
  idTokenVerifier: TokenVerifier,
): Promise<RightResult> {
  const access = await verifier.verify(tokens.accessToken);
  // Both come once for each sign-in and are never sent to us as bearer tokens.
  verifier.clear();
  if (!access.ok && !NOT_FOR_US.has(access.reason)) return access;
  if (tokens.idToken === null) return access.ok ? asSession(access.identity, null) : access;
  const id = await idTokenVerifier.verify(tokens.idToken);
  idTokenVerifier.clear();
  if (!id.ok) return id;
  return access.ok ? asSession(access.identity, id.identity.name) : asSession(id.identity, null);
}

function asSession(identity: Identity, otherName: string | null): RightResult {
  const name = identity.name ?? otherName;
  return { ok: true, identity: Object.freeze({ ...identity, kind: "person", name, via: "session" }) };
}
