/** Who is asking: the provider's keys, token verification, sign-in sessions, assertions, the development provider. */
export { TOKEN_REASONS, type Identity, type TokenReason, type TokenResult } from "./identity.ts";
export type { ClaimNames } from "./claims.ts";
export { type KeySource, type KeySourceOptions, type KeySourceState, createKeySource } from "./key-source.ts";
export { type TokenVerifier, type TokenVerifierOptions, createTokenVerifier } from "./token-verifier.ts";
