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
  | {
      readonly ok: true;
      readonly identity: Identity;
      /** `sid` of the ID token; null when it has none, or there was none. */
      readonly providerSession: string | null;
    }
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
  if (tokens.idToken === null) return access.ok ? asSession(access.identity, null, null) : access;
  const id = await idTokenVerifier.verify(tokens.idToken);
  idTokenVerifier.clear();
  if (!id.ok) return id;
  const [sid = null] = id.identity.claims[PROVIDER_SESSION_CLAIM] ?? [];
  if (!access.ok) return asSession(id.identity, null, sid);
  // When somebody signed in is told to the client; few providers tell it to APIs as well.
  const authTimeSeconds = access.identity.authTimeSeconds ?? id.identity.authTimeSeconds;
  return asSession({ ...access.identity, authTimeSeconds }, id.identity.name, sid);
}

/** What an ID token is asked for beside what every token is. Source: OpenID Connect Back-Channel Logout 1.0 section 2.1. */
export const PROVIDER_SESSION_CLAIM = "sid";

function asSession(identity: Identity, otherName: string | null, providerSession: string | null): RightResult {
  const name = identity.name ?? otherName;
  const person: Identity = Object.freeze({ ...identity, kind: "person", name, tokenId: null, via: "session" });
  return { ok: true, identity: person, providerSession };
}
