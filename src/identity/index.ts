/** Who is asking: the provider's keys, token verification, sign-in sessions, assertions, the development provider. */
export {
  type Actor,
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
export { MAX_TOKEN_ID_CHARS, type ClaimNames, type ClaimRules, claimsOf, readIdentity } from "./claims.ts";
export { type KeySource, type KeySourceOptions, type KeySourceState, createKeySource } from "./key-source.ts";
export {
  type TokenVerifier,
  type TokenVerifierOptions,
  type TrustedIssuer,
  type WorkloadIssuer,
  createTokenVerifier,
} from "./token-verifier.ts";
export type { Session } from "./session.ts";
export {
  type FurtherProvider,
  type SessionRefreshResult,
  type SessionState,
  type Sessions,
  type SessionsOptions,
  BACK_CHANNEL_PATH,
  createSessions,
} from "./sessions.ts";
export type { SessionSummary } from "./session-index.ts";
export {
  type Revocation,
  type Revocations,
  type RevocationsOptions,
  type Revoked,
  createRevocations,
} from "./revocations.ts";
export {
  type SessionCalls,
  type SessionRefreshAnswer,
  answerSessionCalls,
  createRemoteSessions,
} from "./remote-sessions.ts";
export { type AskedSignIn, askedParameters } from "./asked-sign-in.ts";
export { isFormType, keptFormPage } from "./kept-form.ts";
export type { LoginReason, WebRequest, WebResponse } from "./web-response.ts";
export {
  type AssertionRequest,
  type AssertionSigner,
  type AssertionSignerOptions,
  type SignerOptions,
  createAssertionSigner,
  createSigner,
} from "./assertion-signer.ts";
export { type AssertionKeys, type AssertionKeysOptions, openAssertionKeys } from "./assertion-keys.ts";
export type { SigningKey } from "./key-file.ts";
export { DEFAULT_KEY_SCHEDULE, type KeySchedule, type SigningKeyState } from "./key-schedule.ts";
export { type Broker, createBroker } from "./broker.ts";
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
