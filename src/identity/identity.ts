/** Who acts for a subject: the current actor, and within it those before. RFC 8693 section 4.1. */
export interface Actor {
  readonly sub?: string;
  readonly iss?: string;
  readonly client_id?: string;
  readonly act?: Actor;
}

/**
 * Who is asking, after verification. Only `createTokenVerifier` and `createSessions` make one.
 */
export interface Identity {
  readonly kind: "person" | "machine";
  readonly issuer: string;
  /** Name of the workload issuer in the policy; null for the provider of the environment. */
  readonly issuerName: string | null;
  readonly subject: string;
  /** `client_id` or `azp` of the token. */
  readonly clientId: string | null;
  readonly name: string | null;
  readonly groups: readonly string[];
  /** Values, as texts, of the claims that the policy asks for, by the claim's path; absent claims have no entry. */
  readonly claims: Readonly<Record<string, readonly string[]>>;
  /** `jti` of a bearer token, null when it has none or a very long one. */
  readonly tokenId: string | null;
  /** Who acts for the subject, when the token was exchanged for that; never what a decision is about. */
  readonly act?: Actor;
  /** `iat`, null when the token has none. */
  readonly issuedAtSeconds: number | null;
  /** When the person signed in (`auth_time`), seconds since the epoch; null when the token does not say. */
  readonly authTimeSeconds: number | null;
  /** The right ends here: seconds since the epoch (`exp`). */
  readonly expiresAtSeconds: number;
  readonly via: "bearer" | "session";
  /** Stable key for caches and throttles: issuer and subject (or client), never the token. */
  readonly key: string;
}

/** Why a token was refused: closed list, used in records and `explain`; the text is what RFC 6750 `error_description` says. */
export const TOKEN_REASONS = {
  "token-malformed": "token contains an invalid number of segments",
  "token-too-large": "the token is too large",
  "token-algorithm": "the token algorithm is not accepted",
  "token-unknown-key": "the token is signed with an unknown key",
  "token-signature": "the token signature is invalid",
  "token-issuer": "issuer does not match",
  "token-audience": "the token does not have a valid audience",
  "token-expired": "the token has expired",
  "token-revoked": "the token has been revoked",
  "token-not-yet-valid": "the token is not valid yet",
  "token-claims": "the token lacks a required claim",
  "token-critical": "the token has a critical header that is not understood",
  "token-type": "the token is of another kind",
  "token-sender-constrained": "the token is bound to a key that was not proven",
  "token-not-bound": "the token is not bound to a key",
} as const;
export type TokenReason = keyof typeof TOKEN_REASONS;

/** Why a good token that is bound to a key was refused: what was shown does not prove the key. Closed list, used like the above. */
export const PROOF_REASONS = {
  "proof-missing": "there is no DPoP proof",
  "proof-repeated": "there is more than one DPoP proof",
  "proof-malformed": "the DPoP proof is malformed",
  "proof-signature": "the signature of the DPoP proof is invalid",
  "proof-key": "the DPoP proof is by another key than the token is bound to",
  "proof-request": "the DPoP proof is for another request",
  "proof-time": "the DPoP proof is too old or from the future",
  "proof-token": "the DPoP proof is for another token",
  "proof-replayed": "the DPoP proof was used before",
  "certificate-missing": "the token is bound to a certificate that the client did not use",
  "certificate-other": "the token is bound to another certificate than the client used",
} as const;
export type ProofReason = keyof typeof PROOF_REASONS;

/** `keys-unavailable` is not the token's fault: the caller answers 503, never 401. */
export type TokenResult =
  | { readonly ok: true; readonly identity: Identity }
  | { readonly ok: false; readonly reason: TokenReason | "keys-unavailable" };

/** Of a token that came with a request. `proof-memory-full` is not the token's fault either. */
export type PresentedResult =
  | { readonly ok: true; readonly identity: Identity }
  | { readonly ok: false; readonly reason: TokenReason | ProofReason | "keys-unavailable" | "proof-memory-full" };
