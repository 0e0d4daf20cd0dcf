/** Who is asking: the provider's keys, token verification, sign-in sessions, assertions, the development provider. */
export {
  PROOF_REASONS,
  TOKEN_REASONS,
  type Identity,
  type PresentedResult,
  type ProofReason,
  type TokenReason,
  type TokenResult,
} from "./identity.ts";
export type { ProofKind, TokenRules } from "./token-rules.ts";
export type { Presented } from "./possession.ts";
export { type ProofMemory, createProofMemory } from "./proof-memory.ts";
export { type ClaimNames, type ClaimRules, claimsOf, readIdentity } from "./claims.ts";
export { type KeySource, type KeySourceOptions, type KeySourceState, createKeySource } from "./key-source.ts";
export {
  type TokenVerifier,
  type TokenVerifierOptions,
  type TrustedIssuer,
  type WorkloadIssuer,
  createTokenVerifier,
} from "./token-verifier.ts";
export type { Session } from "./session-cookie.ts";
export {
  type SessionMemory,
  type SessionRefreshResult,
  type SessionState,
  type Sessions,
  type SessionsOptions,
  createSessionMemory,
  createSessions,
} from "./sessions.ts";
export {
  type SessionCalls,
  type SessionRefreshAnswer,
  answerSessionCalls,
  createRemoteSessions,
} from "./remote-sessions.ts";
export type { LoginReason, WebRequest, WebResponse } from "./web-response.ts";
export {
  type AssertionRequest,
  type AssertionSigner,
  type AssertionSignerOptions,
  createAssertionSigner,
} from "./assertion-signer.ts";
export { CLI_CLIENT, type MachineClient, type People, type Person, parsePeople } from "./people.ts";
export type { ClaimValue } from "./people-claims.ts";
export { developmentClaims } from "./dev-provider/development-claims.ts";
export { type DevProvider, type DevProviderOptions, startDevProvider } from "./dev-provider/dev-provider.ts";
export type { LoginClient } from "./dev-provider/provider-configuration.ts";
export { type DeviceLoginOptions, type DevicePrompt, deviceLogin } from "./device-login.ts";
// Parts for verifiers with other rules than access tokens have: authorizers and STS as AWS executes them.
export { ALGORITHM_NAMES, type AlgorithmName, isAlgorithmName, isSignatureValid } from "./algorithms.ts";
export { type CompactJws, parseCompactJws } from "./compact-jws.ts";
export { type KeySet, importKeySet } from "./key-set.ts";
export { type Fetch, createProviderFetch } from "./provider-fetch.ts";
export { type JsonObject, parseStrictJsonObject } from "./strict-json.ts";
