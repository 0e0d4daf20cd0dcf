/**
 * Why a request got the answer it got: the closed list of words in the gateway's records.
 *
 * It is made of five lists: what the policy decided (policy), why a token or its proof was refused and what became of a
 * sign-in (identity), and what only the road itself can say. The text is for operators; a client sees a status and API Gateway's short body.
 */
import { REASONS, type Reason } from "../policy/index.ts";
import {
  type LoginReason,
  PROOF_REASONS,
  type ProofReason,
  TOKEN_REASONS,
  type TokenReason,
} from "../identity/index.ts";

export const ROAD_REASONS = {
  "own-endpoint": "answered by Gatehouse itself",
  "cors-preflight": "a browser asked what pages of another origin may do, and the API's CORS configuration answered",
  "sign-in": "sent to the identity provider to sign in",
  "right-ended": "the caller's right ended while the stream was open, and the stream with it",
  "right-revoked": "the caller's right was taken away while the stream was open",
  "policy-changed": "the policy that was taken over meanwhile does not grant the open stream",
  "session-expired": "the session has ended and could not be refreshed",
  "keys-unavailable": "the identity provider's keys could not be had, so no token can be verified",
  "proof-memory-full":
    "more DPoP proofs came in a minute than are remembered, so none can be told from one that was used",
  "provider-unavailable": "the identity provider did not answer while the session had to be refreshed",
  "request-malformed": "the request is not well-formed HTTP",
  "request-method": "the method is not served",
  "request-timeout": "the request did not arrive in time",
  "request-path": "the path can be read in more than one way",
  "request-path-too-long": "the resource name made of the path is longer than 1600 bytes",
  "request-host": "the host is missing, repeated, malformed, or none that this environment answers for",
  "request-headers": "a header that decides something is there more than once",
  "request-headers-too-large": "request line and headers are larger than 10240 bytes",
  "request-too-large": "the body is larger than the route takes",
  "request-cross-site": "a session may not be used for a change that another site asks for",
  "signature-missing": "the request is not signed",
  "signature-incomplete": "the signature's parts cannot be read, or one is missing",
  "signature-host-unsigned": "the signature does not cover the host",
  "signature-scope": "the signature is for another service or Region, or for another day than its time",
  "signature-expired": "the signature is too old",
  "signature-not-yet-current": "the signature's time is too far ahead",
  "signature-mismatch": "the signature does not fit the request and the credentials",
  "payload-mismatch": "the body is not the one that was signed",
  "credentials-unknown": "the access key and session token are none that were given here, or do not belong together",
  "credentials-expired": "the temporary credentials have expired",
  "credentials-outdated":
    "the temporary credentials are from before issuers, audiences or the claims that the policy asks for changed",
  "credentials-revoked": "the right that the temporary credentials were given for has been taken away",
  "session-policy": "a policy that was given with the request for credentials does not allow it",
  "throttled-route": "the route's rate is used up",
  "throttled-identity": "the caller's rate over all routes is used up",
  "upstream-unreachable": "no connection to the service",
  "upstream-timeout": "the service did not answer within the route's timeout",
  "upstream-aborted": "the service ended the connection before its answer was complete",
  "stream-idle": "nothing came or went on a streaming route for five minutes, and its answer was cut",
  "client-aborted": "the client went away before the answer was complete",
  fault: "an internal error while deciding; the request was refused",
} as const;

/** Answers of the sign-in pages. */
const LOGIN_REASONS: Readonly<Record<LoginReason, string>> = {
  "login-choice": "the page where people choose a provider to sign in at, or the way there",
  "login-provider-unknown": "a provider was asked for that nobody signs in at here",
  "login-started": "the sign-in page sent the browser to the identity provider",
  "login-finished": "signed in",
  "login-state-unknown": "the answer of the provider belongs to no sign-in that this browser began",
  "login-refused-by-provider": "the provider refused the sign-in",
  "login-response-invalid": "the provider's answer is not acceptable",
  "login-token-refused": "the provider's token does not verify",
  "login-weaker-than-asked": "signed in, but not as strongly or as recently as the route asks",
  "login-session-too-large": "the session does not fit into cookies",
  "login-provider-unavailable": "the provider did not answer",
  "logout-confirm": "asked whether to sign out",
  "logout-finished": "signed out",
  "session-store-unavailable": "the store that holds sessions did not answer",
  "logout-token-refused": "what the provider sent to tell of a sign-out is no good logout token",
  "logout-cross-site": "another site asked to sign out; refused",
  "signed-out": "the page after signing out",
  "signed-in": "the page after signing in in a tab of its own",
  "form-kept":
    "a form came when the session had ended or was not enough, and was given back to be sent after signing in",
  "method-not-allowed": "the sign-in page does not serve this method",
};

export type RoadReason = keyof typeof ROAD_REASONS;
export type RecordReason = Reason | TokenReason | ProofReason | LoginReason | RoadReason;

/** Every word that can stand in a record's `reason`, with its meaning. */
export const RECORD_REASONS: Readonly<Record<RecordReason, string>> = {
  ...REASONS,
  ...TOKEN_REASONS,
  ...PROOF_REASONS,
  ...LOGIN_REASONS,
  ...ROAD_REASONS,
};
