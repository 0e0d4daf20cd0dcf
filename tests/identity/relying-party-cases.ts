/**
 * What browser sign-in does with each thing that a provider can do wrong, or differently: one row for each, as data.
 *
 * `relying-party.test.ts` asks every row of a real sign-in, `script/relying-party-page.ts` prints them.
 * `module` is the test of the OpenID certification that asks the same of a client, by the end of its name.
 * Long because: one table of cases, each of which is read by itself.
 */
import type { LoginReason, TokenReason } from "../../src/identity/index.ts";
import type { Changes, Misbehaviour, TokenChanges } from "../support/misbehaving-provider.ts";

export const CLIENT_ID = "shop-edge";
export const SUBJECT = "ada";

export interface Outcome {
  readonly status: 302 | 400 | 503;
  readonly reason: LoginReason;
  /** What the page says of the token that was refused. */
  readonly token?: TokenReason;
  /** It ends before the browser has left for the provider. */
  readonly isAtStart?: boolean;
}

export interface RelyingPartyCase {
  readonly id: string;
  readonly module: string | null;
  /** What the provider does, to be read after "the provider". */
  readonly what: string;
  readonly source: string;
  readonly provider: Misbehaviour;
  readonly outcome: Outcome;
  /** Why the outcome is right where a reader may expect another. */
  readonly why?: string;
}

export interface CaseGroup {
  readonly title: string;
  readonly cases: readonly RelyingPartyCase[];
}

const SIGNED_IN: Outcome = { status: 302, reason: "login-finished" };
/** The answer and the sign-in that was started do not belong together. */
const UNFIT: Outcome = { status: 400, reason: "login-response-invalid" };
const REFUSED: Outcome = { status: 400, reason: "login-refused-by-provider" };
const STATE_UNKNOWN: Outcome = { status: 400, reason: "login-state-unknown" };
const UNAVAILABLE: Outcome = { status: 503, reason: "login-provider-unavailable" };
const NOT_STARTED: Outcome = { ...UNAVAILABLE, isAtStart: true };
const tokenRefused = (token: TokenReason): Outcome => ({ status: 400, reason: "login-token-refused", token });

const OIDC = "OpenID Connect Core 1.0";
const ID_TOKEN = `${OIDC}, 3.1.3.7`;

type Rest = { readonly why?: string; readonly source?: string; readonly module?: string | null };

function one(id: string, what: string, provider: Misbehaviour, outcome: Outcome, rest: Rest = {}): RelyingPartyCase {
  return { id, module: null, source: ID_TOKEN, what, provider, outcome, ...rest };
}

/** A case of the certification has its name. */
function certified(
  module: string,
  what: string,
  provider: Misbehaviour,
  outcome: Outcome,
  rest: Rest = {},
): RelyingPartyCase {
  return one(module, what, provider, outcome, { module, ...rest });
}

const claims = (changes: Changes): Misbehaviour => ({ idToken: { claims: changes } });
const idToken = (changes: TokenChanges, ...algorithms: readonly string[]): Misbehaviour => ({
  idToken: changes,
  ...(algorithms.length === 0 ? {} : { discovery: { id_token_signing_alg_values_supported: algorithms } }),
});

const GOOD: CaseGroup = {
  title: "Nothing is wrong",
  cases: [
    certified("oidcc-client-test", "does everything right", {}, SIGNED_IN),
    one(
      "opaque-access-token",
      "gives an access token that only it can read",
      { accessToken: { text: "opaque" } },
      SIGNED_IN,
      { why: "the ID token gives the right, checked by the same code" },
    ),
    one(
      "idtoken-sig-es256",
      "signs the ID token with ES256",
      { ...idToken({ key: "ec" }, "ES256"), keys: ["one", "ec"] },
      SIGNED_IN,
    ),
  ],
};

const CLAIMS: CaseGroup = {
  title: "Claims of the ID token",
  cases: [
    certified(
      "invalid-iss",
      "names another issuer in the ID token",
      claims({ iss: "https://login.evil.example" }),
      UNFIT,
    ),
    certified("invalid-missing-iss", "names no issuer in the ID token", claims({ iss: undefined }), UNFIT),
    one("iss-of-another-type", "names its issuer in a list", claims({ iss: ["http://127.0.0.1"] }), UNFIT),
    certified("invalid-aud", "makes the ID token for another client", claims({ aud: "other-client" }), UNFIT),
    certified("invalid-missing-aud", "makes the ID token for nobody", claims({ aud: undefined }), UNFIT),
    certified(
      "invalid-secondary-aud",
      "makes the ID token for another client too, and for that one first (`azp`)",
      claims({ aud: [CLIENT_ID, "other-client"], azp: "other-client" }),
      UNFIT,
    ),
    one(
      "secondary-aud-without-azp",
      "makes the ID token for another client too, and does not say for which first",
      claims({ aud: [CLIENT_ID, "other-client"] }),
      UNFIT,
    ),
    one(
      "secondary-aud-with-azp",
      "makes the ID token for this client (`azp`), and lists another",
      claims({ aud: [CLIENT_ID, "other-client"], azp: CLIENT_ID }),
      SIGNED_IN,
      { why: "providers list every client of a project; the ID token was issued to this one" },
    ),
    one("empty-aud", "makes the ID token for an empty list", claims({ aud: [] }), UNFIT),
    certified("missing-sub", "does not say who signed in", claims({ sub: undefined }), UNFIT),
    one("sub-of-another-type", "says a number where the subject belongs", claims({ sub: 7 }), UNFIT),
    certified("invalid-missing-exp", "does not say when the ID token ends", claims({ exp: undefined }), UNFIT),
    certified(
      "invalid-expired-exp",
      "gives an ID token that ended an hour ago",
      claims({ exp: { secondsFromNow: -3600 } }),
      UNFIT,
    ),
    one(
      "just-expired-exp",
      "gives an ID token that ended this second",
      claims({ exp: { secondsFromNow: 0 } }),
      tokenRefused("token-expired"),
    ),
    one("exp-of-another-type", "gives the end as a text", claims({ exp: "9999999999" }), UNFIT),
    certified("missing-iat", "does not say when the ID token was made", claims({ iat: undefined }), UNFIT),
    certified(
      "iat-is-week-in-past",
      "made the ID token a week ago, with the nonce of now",
      claims({ iat: { secondsFromNow: -604_800 } }),
      SIGNED_IN,
      {
        why: "the nonce shows that the ID token is of this attempt; only in a redirect, where no ID token is taken here, must it be refused for its age",
      },
    ),
    one(
      "iat-in-future",
      "makes the ID token in an hour",
      claims({ iat: { secondsFromNow: 3600 } }),
      tokenRefused("token-not-yet-valid"),
    ),
    one("nbf-in-future", "gives an ID token that is good in an hour", claims({ nbf: { secondsFromNow: 3600 } }), UNFIT),
    certified("invalid-nonce", "gives the nonce of another attempt", claims({ nonce: "another" }), UNFIT),
    certified("invalid-missing-nonce", "gives no nonce", claims({ nonce: undefined }), UNFIT),
    one(
      "groups-of-another-type",
      "says a number where the groups belong, and the right is the ID token's",
      { ...claims({ groups: 7 }), accessToken: { text: "opaque" } },
      tokenRefused("token-claims"),
    ),
  ],
};

const SIGNATURES: CaseGroup = {
  title: "Signature of the ID token",
  cases: [
    certified(
      "invalid-sig-rs256",
      "signs another text with RS256",
      idToken({ signature: "changed" }),
      tokenRefused("token-signature"),
    ),
    one(
      "sig-by-stranger",
      "lets a key sign that is not its own, under the name of one that is",
      idToken({ key: "stranger" }),
      tokenRefused("token-signature"),
    ),
    certified(
      "invalid-sig-es256",
      "signs another text with ES256",
      { ...idToken({ key: "ec", signature: "changed" }, "ES256"), keys: ["one", "ec"] },
      tokenRefused("token-signature"),
    ),
    certified(
      "invalid-sig-hs256",
      "signs with HS256, under another secret than the client's, and says that it does so",
      idToken({ header: { alg: "HS256" } }, "HS256", "RS256"),
      tokenRefused("token-algorithm"),
    ),
    one(
      "sig-hs256",
      "signs with HS256 under the client's secret, and says that it does so",
      idToken({ signature: "client-secret" }, "HS256", "RS256"),
      tokenRefused("token-algorithm"),
      { why: "asymmetric algorithms alone are taken: who knows a shared secret must not be able to make identities" },
    ),
    one(
      "sig-hs256-unannounced",
      "signs with HS256 under the text of its public key, which anybody can",
      idToken({ header: { alg: "HS256" } }),
      UNFIT,
    ),
    certified("idtoken-sig-none", "does not sign, and says so (`none`)", idToken({ header: { alg: "none" } }), UNFIT),
    one(
      "sig-none-announced",
      "does not sign, and its discovery document says that this is how it is done",
      idToken({ header: { alg: "none" } }, "none"),
      tokenRefused("token-algorithm"),
    ),
    certified(
      "invalid-null-alg",
      "does not sign, and gives null as the algorithm",
      idToken({ header: { alg: null } }),
      UNFIT,
    ),
    certified(
      "invalid-alternate-alg",
      "signs with ES256, which its discovery document does not have",
      idToken({ header: { alg: "ES256" }, key: "ec" }),
      UNFIT,
    ),
    one(
      "crit-header",
      "marks an extension as critical that nobody here understands",
      idToken({ header: { crit: ["b64"], b64: true } }),
      UNFIT,
      { source: "RFC 7515, 4.1.11" },
    ),
    one("not-a-token", "gives an ID token that is none", idToken({ text: "a.b.c" }), UNFIT),
  ],
};

const KEYS: CaseGroup = {
  title: "Keys",
  cases: [
    certified(
      "kid-absent-single-jwks",
      "names no key, and publishes one without a name",
      { idToken: { header: { kid: undefined } }, accessToken: { header: { kid: undefined } }, keysAreNameless: true },
      SIGNED_IN,
      { source: `${OIDC}, 10.1` },
    ),
    one(
      "kid-absent-named-key",
      "names no key, and publishes one with a name",
      idToken({ header: { kid: undefined } }),
      tokenRefused("token-unknown-key"),
      {
        source: `${OIDC}, 10.1`,
        why: "a key that has a name is asked for by it, so that nothing changes when a second one comes",
      },
    ),
    certified(
      "kid-absent-multiple-jwks",
      "names no key, and publishes two without names",
      {
        idToken: { header: { kid: undefined } },
        accessToken: { text: "opaque" },
        keysAreNameless: true,
        keys: ["one", "two"],
      },
      tokenRefused("token-unknown-key"),
      { source: `${OIDC}, 10.1`, why: "nobody can say which key was meant, and keys are not tried one after another" },
    ),
    one(
      "kid-unknown",
      "signs with a key that it does not publish",
      idToken({ key: "two" }),
      tokenRefused("token-unknown-key"),
    ),
    certified(
      "signing-key-rotation",
      "signs with a new key, which has replaced the one that was fetched",
      { idToken: { key: "two" }, accessToken: { key: "two" }, keysAfterRotation: ["two"] },
      SIGNED_IN,
      { source: `${OIDC}, 10.1.1` },
    ),
    one(
      "rotation-in-overlap",
      "still signs with the old key while the new one is published already",
      { keysAfterRotation: ["two", "one"] },
      SIGNED_IN,
      { source: `${OIDC}, 10.1.1` },
    ),
    one(
      "rotation-unreachable",
      "signs with a new key while its keys cannot be fetched",
      { idToken: { key: "two" }, accessToken: { key: "two" }, jwksFaultAfterRotation: { status: 500 } },
      UNAVAILABLE,
      { why: "the fault may be over in a moment, and is not the person's" },
    ),
  ],
};

const DISCOVERY: CaseGroup = {
  title: "Discovery",
  cases: [
    certified(
      "discovery-issuer-mismatch",
      "calls itself by another name in its discovery document",
      { discovery: { issuer: "https://login.evil.example" } },
      NOT_STARTED,
      { source: "OpenID Connect Discovery 1.0, 4.3" },
    ),
    one(
      "discovery-without-issuer",
      "has a discovery document without `issuer`",
      { discovery: { issuer: undefined } },
      NOT_STARTED,
      { source: "OpenID Connect Discovery 1.0, 4.3" },
    ),
    one(
      "discovery-without-authorization-endpoint",
      "does not say where to sign in",
      { discovery: { authorization_endpoint: undefined } },
      NOT_STARTED,
      { source: "OpenID Connect Discovery 1.0, 3" },
    ),
    one(
      "token-endpoint-elsewhere",
      "sends the code to plain http on another machine",
      { discovery: { token_endpoint: "http://login.evil.example/token" } },
      UNAVAILABLE,
      { source: "RFC 9700, 4.4", why: "nothing is sent to an address like that" },
    ),
  ],
};

const RESPONSE: CaseGroup = {
  title: "Authorization response",
  cases: [
    certified(
      "invalid-authorization-response-iss",
      "names another issuer in the redirect back",
      { redirect: { iss: "https://login.evil.example" } },
      UNFIT,
      { source: "RFC 9207, 2.4" },
    ),
    one(
      "missing-authorization-response-iss",
      "promises an issuer in the redirect back and gives none",
      { redirect: { iss: undefined } },
      UNFIT,
      { source: "RFC 9207, 2.4" },
    ),
    one(
      "unpromised-authorization-response-iss",
      "promises no issuer in the redirect back and gives none",
      { redirect: { iss: undefined }, discovery: { authorization_response_iss_parameter_supported: undefined } },
      SIGNED_IN,
      { source: "RFC 9207, 2.4" },
    ),
    one(
      "wrong-unpromised-authorization-response-iss",
      "promises no issuer in the redirect back and names another",
      {
        redirect: { iss: "https://login.evil.example" },
        discovery: { authorization_response_iss_parameter_supported: undefined },
      },
      UNFIT,
      { source: "RFC 9207, 2.4" },
    ),
    certified(
      "ensure-authorization-response-with-invalid-state-fails",
      "sends back a state that was never made",
      { redirect: { state: "AAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA" } },
      STATE_UNKNOWN,
      { source: "RFC 6749, 10.12" },
    ),
    certified(
      "ensure-authorization-response-with-missing-state-fails",
      "sends back no state",
      { redirect: { state: undefined } },
      STATE_UNKNOWN,
      { source: "RFC 6749, 10.12" },
    ),
    one("missing-code", "sends back no code", { redirect: { code: undefined } }, UNFIT, { source: "RFC 6749, 4.1.2" }),
    one("code-twice", "sends back two codes", { redirect: { code: ["first", "second"] } }, UNFIT, {
      source: "RFC 6749, 3.1",
    }),
    one("state-twice", "sends back two states", { redirect: { state: ["first", "second"] } }, STATE_UNKNOWN, {
      source: "RFC 6749, 3.1",
    }),
    one(
      "iss-twice",
      "names two issuers in the redirect back",
      { redirect: { iss: ["https://login.evil.example", "https://login.evil.example"] } },
      UNFIT,
      { source: "RFC 6749, 3.1" },
    ),
    one("error", "refuses", { redirect: { code: undefined, error: "access_denied" } }, REFUSED, {
      source: "RFC 6749, 4.1.2.1",
    }),
    one("error-and-code", "refuses, and sends a code all the same", { redirect: { error: "access_denied" } }, REFUSED, {
      source: "RFC 6749, 4.1.2.1",
    }),
    one(
      "error-of-another-issuer",
      "refuses in the name of another issuer",
      { redirect: { code: undefined, error: "access_denied", iss: "https://login.evil.example" } },
      UNFIT,
      { source: "RFC 9207, 2.4" },
    ),
    one(
      "tokens-in-the-redirect",
      "sends an ID token in the redirect back, as a hybrid flow would",
      { redirect: { id_token: "a.b.c" } },
      UNFIT,
      { source: `${OIDC}, 3.1.2.5` },
    ),
    one(
      "jarm-response",
      "sends its answer as a signed `response`, which nobody asked for",
      { redirect: { response: "a.b.c" } },
      UNFIT,
      { source: "JWT Secured Authorization Response Mode, 2.3" },
    ),
  ],
};

const TOKENS: CaseGroup = {
  title: "Token response and access token",
  cases: [
    one("missing-id-token", "gives no ID token", { tokenAnswer: { id_token: undefined } }, UNFIT, {
      source: `${OIDC}, 3.1.3.3`,
    }),
    one("missing-access-token", "gives no access token", { tokenAnswer: { access_token: undefined } }, UNFIT, {
      source: "RFC 6749, 5.1",
    }),
    one(
      "other-token-type",
      "gives a token of a type that is not `Bearer`",
      { tokenAnswer: { token_type: "mac" } },
      UNFIT,
      {
        source: "RFC 6749, 7.1",
      },
    ),
    one(
      "token-answer-not-json",
      "answers with a web page",
      { tokenBody: "<!doctype html><title>Welcome</title>" },
      UNFIT,
      {
        source: "RFC 6749, 5.1",
      },
    ),
    one(
      "code-refused",
      "does not take its own code",
      { tokenStatus: 400, tokenAnswer: { error: "invalid_grant" } },
      UNFIT,
      { source: "RFC 6749, 5.2" },
    ),
    one(
      "token-endpoint-down",
      "cannot answer at its token endpoint",
      { tokenStatus: 503, tokenAnswer: { error: "temporarily_unavailable" } },
      UNAVAILABLE,
      { source: "RFC 6749, 5.2" },
    ),
    one(
      "access-token-expired",
      "gives an access token for the API that ended an hour ago",
      { accessToken: { claims: { exp: { secondsFromNow: -3600 } } } },
      tokenRefused("token-expired"),
      { source: "RFC 9068, 4" },
    ),
    one(
      "access-token-signature",
      "gives an access token for the API whose signature is of another text",
      { accessToken: { signature: "changed" } },
      tokenRefused("token-signature"),
      { source: "RFC 9068, 4" },
    ),
    one(
      "access-token-issuer",
      "gives an access token of another issuer",
      { accessToken: { claims: { iss: "https://login.evil.example" } } },
      tokenRefused("token-issuer"),
      { source: "RFC 9068, 4" },
    ),
    one(
      "access-token-for-another-api",
      "gives an access token for another API",
      { accessToken: { claims: { aud: "other-api" } } },
      SIGNED_IN,
      { source: "RFC 9068, 4", why: "it is none of ours to judge; the ID token gives the right" },
    ),
    certified("userinfo-invalid-sub", "names another subject at its userinfo endpoint", {}, SIGNED_IN, {
      source: `${OIDC}, 5.3.2`,
      why: "the userinfo endpoint is never asked",
    }),
  ],
};

export const RELYING_PARTY_CASES: readonly CaseGroup[] = [GOOD, CLAIMS, SIGNATURES, KEYS, DISCOVERY, RESPONSE, TOKENS];

export interface ClientCase {
  readonly id: string;
  /** What the provider says about how clients authenticate; undefined: nothing. */
  readonly methods: readonly string[] | undefined;
  readonly hasSecret: boolean;
  /** How the client does it. */
  readonly used: "client_secret_basic" | "client_secret_post" | "none";
}

/** How Gatehouse shows the provider that it is the client. */
export const CLIENT_CASES: readonly ClientCase[] = [
  { id: "client-secret-basic", methods: ["client_secret_basic"], hasSecret: true, used: "client_secret_basic" },
  { id: "client-secret-post", methods: ["client_secret_post"], hasSecret: true, used: "client_secret_post" },
  {
    id: "client-secret-either",
    methods: ["client_secret_post", "client_secret_basic"],
    hasSecret: true,
    used: "client_secret_basic",
  },
  { id: "client-secret-unsaid", methods: undefined, hasSecret: true, used: "client_secret_basic" },
  { id: "public-client", methods: ["none"], hasSecret: false, used: "none" },
];
