/**
 * Tokens as attackers send them: each is refused for exactly one documented reason, causes no call, and is not quoted.
 */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { createManualClock } from "../core/index.ts";
import { createKeySource } from "./key-source.ts";
import { TOKEN_REASONS, type TokenReason } from "./identity.ts";
import { type FakeIssuer, createFakeIssuer, createManualSchedule } from "./testing/fake-issuer.ts";
import {
  type Claims,
  type Headers,
  createTestKey,
  encodeSegment,
  mintHmacToken,
  mintToken,
  publicJwk,
  signSegments,
} from "./testing/token-mint.ts";
import { createRevocations } from "./revocations.ts";
import { type TokenVerifier, createTokenVerifier } from "./token-verifier.ts";

const NOW_SECONDS = 1_800_000_000;
const AUDIENCE = "shop-api";

const rsa = createTestKey("rsa-1", "rsa");
const p256 = createTestKey("p256-1", "p256");
const p384 = createTestKey("p384-1", "p384");
const ed25519 = createTestKey("ed-1", "ed25519");
const stranger = createTestKey("rsa-1", "rsa");
const p521 = createTestKey("p256-1", "p521");

const fake: FakeIssuer = createFakeIssuer([rsa, p256, p384, ed25519].map((key) => publicJwk(key)));
const clock = createManualClock(NOW_SECONDS * 1000);
let verifier: TokenVerifier;

const claims: Claims = {
  iss: fake.issuer,
  sub: "ada",
  aud: AUDIENCE,
  iat: NOW_SECONDS - 10,
  exp: NOW_SECONDS + 300,
  groups: ["support"],
};
const good = mintToken(rsa, claims);
const [goodHeader = "", goodPayload = "", goodSignature = ""] = good.split(".");
const withClaims = (more: Claims): string => mintToken(rsa, { ...claims, ...more });
const withHeader = (header: Headers): string => mintToken(rsa, claims, header);
const withPayloadText = (text: string): string =>
  signSegments(JSON.stringify({ alg: "RS256", kid: "rsa-1" }), text, "RS256", rsa.privateKey);
const withHeaderText = (text: string): string => signSegments(text, JSON.stringify(claims), "RS256", rsa.privateKey);
const unsigned = (header: Headers): string =>
  `${encodeSegment(JSON.stringify(header))}.${encodeSegment(JSON.stringify(claims))}.`;
const hmacWith = (secret: string | Uint8Array, alg = "HS256"): string =>
  mintHmacToken(secret, claims, { alg, kid: "rsa-1", typ: "JWT" });
const signedAs = (alg: string, signature: Uint8Array, kid: string): string =>
  `${encodeSegment(JSON.stringify({ alg, kid }))}.${goodPayload}.${encodeSegment(signature)}`;
const spkiPem = rsa.publicKey.export({ type: "spki", format: "pem" }).toString();
const pkcs1Pem = rsa.publicKey.export({ type: "pkcs1", format: "pem" }).toString();
const payloadText = JSON.stringify(claims);
/** The same bits but for the unused ones of the last character. */
const looseLastBits = (segment: string): string => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(segment.at(-1) ?? "A");
  return segment.slice(0, -1) + (alphabet[last ^ 1] ?? "");
};
const flipSignature = (token: string): string => {
  const at = token.lastIndexOf(".") + 5;
  return token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
};

type Row = readonly [title: string, token: string, reason: TokenReason];

const shape: readonly Row[] = [
  ["empty text", "", "token-malformed"],
  ["a word", "not-a-token", "token-malformed"],
  ["two dots alone", "..", "token-malformed"],
  ["two segments", `${goodHeader}.${goodPayload}`, "token-malformed"],
  ["four segments", `${good}.x`, "token-malformed"],
  ["five segments, an encrypted token", "eyJhbGciOiJkaXIifQ..a.b.c", "token-malformed"],
  ["detached payload", `${goodHeader}..${goodSignature}`, "token-malformed"],
  ["padded base64", `${goodHeader}=.${goodPayload}.${goodSignature}`, "token-malformed"],
  ["padded signature", `${good}==`, "token-malformed"],
  ["plain base64 letters", `${goodHeader}.${goodPayload}.+/${goodSignature}`, "token-malformed"],
  ["space before", ` ${good}`, "token-malformed"],
  ["line break after", `${good}\n`, "token-malformed"],
  ["NUL after", `${good}\0`, "token-malformed"],
  ["two tokens with a comma", `${good},${good}`, "token-malformed"],
  ["unused last bits set in the signature", looseLastBits(good), "token-malformed"],
  ["non-ASCII letters", `${goodHeader}.${goodPayload}.${goodSignature.slice(0, -2)}éé`, "token-malformed"],
  [
    "JSON form, general",
    JSON.stringify({ payload: goodPayload, signatures: [{ protected: goodHeader, signature: goodSignature }] }),
    "token-malformed",
  ],
  [
    "JSON form, flattened",
    JSON.stringify({ payload: goodPayload, protected: goodHeader, signature: goodSignature }),
    "token-malformed",
  ],
  ["header is an array", withHeaderText('["RS256"]'), "token-malformed"],
  ["header is no JSON", withHeaderText("{alg:RS256}"), "token-malformed"],
  ["header with byte order mark", withHeaderText('\ufeff{"alg":"RS256","kid":"rsa-1"}'), "token-malformed"],
  ["algorithm twice in the header", withHeaderText('{"alg":"none","alg":"RS256","kid":"rsa-1"}'), "token-malformed"],
  ["algorithm twice, once escaped", withHeaderText('{"alg":"RS256","\\u0061lg":"none"}'), "token-malformed"],
  ["subject twice", withPayloadText(`{"sub":"admin",${payloadText.slice(1)}`), "token-malformed"],
  ["nested member twice", withPayloadText(`{"x":[{"a":1,"a":2}],${payloadText.slice(1)}`), "token-malformed"],
  ["text after the payload", withPayloadText(`${payloadText} x`), "token-malformed"],
  ["payload is null", withPayloadText("null"), "token-malformed"],
  ["payload is a string", withPayloadText('"ada"'), "token-malformed"],
  ["kid is a number", withHeader({ kid: 1 }), "token-malformed"],
  ["kid is an object", withHeader({ kid: { kid: "rsa-1" } }), "token-malformed"],
  ["kid is null", withHeader({ kid: null }), "token-malformed"],
  ["100 KB in the payload", withClaims({ filler: "x".repeat(100_000) }), "token-too-large"],
  ["100 KB of dots", ".".repeat(100_000), "token-too-large"],
  ["100 KB in the kid", withHeader({ kid: "x".repeat(100_000) }), "token-too-large"],
  ["8193 characters", `${good}${"A".repeat(8193 - good.length)}`, "token-too-large"],
];

const algorithms: readonly Row[] = [
  ...["none", "None", "nOnE", "none ", "NONE"].map((alg): Row => [
    `alg ${JSON.stringify(alg)} without signature`,
    unsigned({ alg, kid: "rsa-1" }),
    "token-algorithm",
  ]),
  ["alg none with the good signature", withHeader({ alg: "none" }), "token-algorithm"],
  ["alg is null", withHeader({ alg: null }), "token-algorithm"],
  ["alg is absent", withHeader({ alg: undefined }), "token-algorithm"],
  ["alg is a list", withHeader({ alg: ["RS256"] }), "token-algorithm"],
  ["alg in lower case", withHeader({ alg: "rs256" }), "token-algorithm"],
  ["alg is a name of every object", withHeader({ alg: "constructor" }), "token-algorithm"],
  ["alg is __proto__", withHeaderText('{"alg":"__proto__","kid":"rsa-1"}'), "token-algorithm"],
  ["RS1", withHeader({ alg: "RS1" }), "token-algorithm"],
  ["RSA-OAEP", withHeader({ alg: "RSA-OAEP", enc: "A256GCM" }), "token-algorithm"],
  ["HS256 keyed with the public key as PEM", hmacWith(spkiPem), "token-algorithm"],
  ["HS256 keyed with the PEM, one space before", hmacWith(` ${spkiPem}`), "token-algorithm"],
  ["HS256 keyed with the PEM without last line break", hmacWith(spkiPem.trimEnd()), "token-algorithm"],
  ["HS256 keyed with the PKCS#1 PEM", hmacWith(pkcs1Pem), "token-algorithm"],
  ["HS256 keyed with the DER", hmacWith(rsa.publicKey.export({ type: "spki", format: "der" })), "token-algorithm"],
  ["HS256 keyed with the JWK", hmacWith(JSON.stringify(publicJwk(rsa))), "token-algorithm"],
  ["HS256 keyed with nothing", hmacWith(""), "token-algorithm"],
  ["HS512", hmacWith("secret", "HS512"), "token-algorithm"],
  ["ES512", mintToken(p521, claims, { alg: "ES512" }), "token-algorithm"],
  ["ES384 with the name of a P-256 key", mintToken(p256, claims, { alg: "ES384" }), "token-algorithm"],
  ["RS256 with the name of an EC key", withHeader({ kid: "p256-1" }), "token-algorithm"],
  ["ES256 with the name of an RSA key", mintToken(p256, claims, { alg: "ES256", kid: "rsa-1" }), "token-algorithm"],
  ["EdDSA with the name of an RSA key", mintToken(ed25519, claims, { alg: "EdDSA", kid: "rsa-1" }), "token-algorithm"],
];

const signatures: readonly Row[] = [
  ["no signature", `${goodHeader}.${goodPayload}.`, "token-signature"],
  ["one byte of the signature changed", flipSignature(good), "token-signature"],
  [
    "signature of another token",
    `${withClaims({ sub: "eve" }).split(".").slice(0, 2).join(".")}.${goodSignature}`,
    "token-signature",
  ],
  ["signed by a stranger's key of the same name", mintToken(stranger, claims), "token-signature"],
  [
    "RS256 signature said to be PS256",
    signedAs("PS256", Buffer.from(goodSignature, "base64url"), "rsa-1"),
    "token-signature",
  ],
  [
    "RS256 signature said to be RS512",
    signedAs("RS512", Buffer.from(goodSignature, "base64url"), "rsa-1"),
    "token-signature",
  ],
  ["ES256 with r = s = 0", signedAs("ES256", new Uint8Array(64), "p256-1"), "token-signature"],
  [
    "ES256 with r and s of the curve's order",
    signedAs(
      "ES256",
      Buffer.from("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551".repeat(2), "hex"),
      "p256-1",
    ),
    "token-signature",
  ],
  ["ES256 in DER", signedAs("ES256", Buffer.from("3006020101020101", "hex"), "p256-1"), "token-signature"],
  ["ES256 one byte short", signedAs("ES256", new Uint8Array(63).fill(1), "p256-1"), "token-signature"],
  ["ES256 one byte long", signedAs("ES256", new Uint8Array(65).fill(1), "p256-1"), "token-signature"],
  ["EdDSA all zero", signedAs("EdDSA", new Uint8Array(64), "ed-1"), "token-signature"],
  ["expired and wrongly signed", mintToken(stranger, { ...claims, exp: NOW_SECONDS - 1 }), "token-signature"],
  ["for another audience and wrongly signed", mintToken(stranger, { ...claims, aud: "x" }), "token-signature"],
];

const attackerJwk = publicJwk(stranger) as Headers["jwk"];
const keyNames: readonly Row[] = [
  ["no kid where several keys exist", withHeader({ kid: undefined }), "token-unknown-key"],
  ["empty kid", withHeader({ kid: "" }), "token-unknown-key"],
  ["kid of nobody", withHeader({ kid: "rsa-2" }), "token-unknown-key"],
  ["kid in other case", withHeader({ kid: "RSA-1" }), "token-unknown-key"],
  ["kid is a path", withHeader({ kid: "../../../../dev/null" }), "token-unknown-key"],
  ["kid is __proto__", withHeader({ kid: "__proto__" }), "token-unknown-key"],
  ["kid is constructor", withHeader({ kid: "constructor" }), "token-unknown-key"],
  ["kid is a query", withHeader({ kid: "x' UNION SELECT 'k" }), "token-unknown-key"],
  ["kid is a URL", withHeader({ kid: "https://evil.test/key" }), "token-unknown-key"],
  ["kid with a NUL", withHeader({ kid: "rsa-1\0" }), "token-unknown-key"],
  ["brings its own key in jwk", mintToken(stranger, claims, { jwk: attackerJwk }), "token-signature"],
  ["names a key address in jku", mintToken(stranger, claims, { jku: "https://evil.test/jwks" }), "token-signature"],
  ["names a certificate in x5u", mintToken(stranger, claims, { x5u: "https://evil.test/c" }), "token-signature"],
  ["brings a certificate in x5c", mintToken(stranger, claims, { x5c: ["MIIB"] }), "token-signature"],
];

const critical: readonly Row[] = [
  ["crit with an unknown name", withHeader({ crit: ["x-policy"], "x-policy": true }), "token-critical"],
  ["crit is empty", withHeader({ crit: [] }), "token-critical"],
  ["crit is a string", withHeader({ crit: "exp" }), "token-critical"],
  ["crit names alg", withHeader({ crit: ["alg"] }), "token-critical"],
  ["crit is null", withHeader({ crit: null }), "token-critical"],
  ["crit b64", withHeader({ crit: ["b64"], b64: false }), "token-critical"],
  ["b64 without crit", withHeader({ b64: false }), "token-critical"],
  ["b64 true", withHeader({ b64: true }), "token-critical"],
];

const kinds: readonly Row[] = [
  ["logout token", withHeader({ typ: "logout+jwt" }), "token-type"],
  ["proof of possession", withHeader({ typ: "dpop+jwt" }), "token-type"],
  ["introspection answer", withHeader({ typ: "token-introspection+jwt" }), "token-type"],
  ["typ is a list", withHeader({ typ: ["at+jwt"] }), "token-type"],
  ["typ with space", withHeader({ typ: "at+jwt " }), "token-type"],
  ["bound to a client certificate", withClaims({ cnf: { "x5t#S256": "x" } }), "token-sender-constrained"],
  ["bound to a key", withClaims({ cnf: { jkt: "x" } }), "token-sender-constrained"],
  ["cnf is null", withClaims({ cnf: null }), "token-sender-constrained"],
];

const issuers: readonly Row[] = [
  ["absent issuer", withClaims({ iss: undefined }), "token-issuer"],
  ["issuer with slash", withClaims({ iss: `${fake.issuer}/` }), "token-issuer"],
  ["issuer shorter", withClaims({ iss: fake.issuer.slice(0, -1) }), "token-issuer"],
  ["issuer longer", withClaims({ iss: `${fake.issuer}.evil.test` }), "token-issuer"],
  ["issuer in upper case", withClaims({ iss: fake.issuer.toUpperCase() }), "token-issuer"],
  ["issuer as list", withClaims({ iss: [fake.issuer] }), "token-issuer"],
  ["issuer with space", withClaims({ iss: ` ${fake.issuer}` }), "token-issuer"],
  [
    "another issuer and another key",
    mintToken(createTestKey("other", "rsa"), { ...claims, iss: "https://evil.test" }),
    "token-issuer",
  ],
];

const audiences: readonly Row[] = [
  ["absent audience", withClaims({ aud: undefined }), "token-audience"],
  ["client id instead of an audience", withClaims({ aud: undefined, client_id: AUDIENCE }), "token-audience"],
  ["empty audience", withClaims({ aud: "" }), "token-audience"],
  ["no audience in the list", withClaims({ aud: [] }), "token-audience"],
  ["other audience", withClaims({ aud: "other-api" }), "token-audience"],
  ["other audiences in a list", withClaims({ aud: ["x", "y"] }), "token-audience"],
  ["audience is null", withClaims({ aud: null }), "token-audience"],
  ["audience is an object", withClaims({ aud: { [AUDIENCE]: true } }), "token-audience"],
  ["audience as prefix", withClaims({ aud: `${AUDIENCE}-admin` }), "token-audience"],
  ["audience in upper case", withClaims({ aud: AUDIENCE.toUpperCase() }), "token-audience"],
  ["several audiences in one text", withClaims({ aud: `x ${AUDIENCE}` }), "token-audience"],
  ["right audience beside a number", withClaims({ aud: [AUDIENCE, 1] }), "token-audience"],
  ["audience in a list in a list", withClaims({ aud: [[AUDIENCE]] }), "token-audience"],
];

const times: readonly Row[] = [
  ["no exp", withClaims({ exp: undefined }), "token-claims"],
  ["exp as text", withClaims({ exp: "9999999999" }), "token-claims"],
  ["exp too large for a number", withPayloadText(payloadText.replace(/"exp":\d+/, '"exp":1e400')), "token-claims"],
  ["exp with a fraction", withClaims({ exp: NOW_SECONDS + 0.5 }), "token-claims"],
  ["exp is null", withClaims({ exp: null }), "token-claims"],
  ["exp is true", withClaims({ exp: true }), "token-claims"],
  ["exp is negative", withClaims({ exp: -1 }), "token-expired"],
  ["exp is zero", withClaims({ exp: 0 }), "token-expired"],
  ["exp is this second", withClaims({ exp: NOW_SECONDS }), "token-expired"],
  ["exp was a second ago", withClaims({ exp: NOW_SECONDS - 1 }), "token-expired"],
  ["nbf in a second", withClaims({ nbf: NOW_SECONDS + 1 }), "token-not-yet-valid"],
  ["nbf as text", withClaims({ nbf: "0" }), "token-claims"],
  ["nbf is null", withClaims({ nbf: null }), "token-claims"],
  ["iat tomorrow", withClaims({ iat: NOW_SECONDS + 86_400 }), "token-not-yet-valid"],
  ["iat as text", withClaims({ iat: "yesterday" }), "token-claims"],
];

const others: readonly Row[] = [
  ["no subject", withClaims({ sub: undefined }), "token-claims"],
  ["empty subject", withClaims({ sub: "" }), "token-claims"],
  ["subject is a number", withClaims({ sub: 1 }), "token-claims"],
  ["subject is a list", withClaims({ sub: ["ada"] }), "token-claims"],
  ["groups is an object", withClaims({ groups: { "0": "admin" } }), "token-claims"],
  ["groups is a list in a list", withClaims({ groups: [["admin"]] }), "token-claims"],
  ["groups holds a number", withClaims({ groups: ["support", 1] }), "token-claims"],
  ["groups is true", withClaims({ groups: true }), "token-claims"],
  ["groups is null", withClaims({ groups: null }), "token-claims"],
  ["name is an object", withClaims({ preferred_username: { x: 1 } }), "token-claims"],
  ["client is a list", withClaims({ client_id: ["billing"] }), "token-claims"],
];

const takenAway: readonly Row[] = [
  ["the token was revoked by its id", withClaims({ jti: "taken-away" }), "token-revoked"],
  ["the person was, with the token's second", withClaims({ sub: "gone", iat: NOW_SECONDS - 60 }), "token-revoked"],
  ["the person was, and the token says no time", withClaims({ sub: "gone", iat: undefined }), "token-revoked"],
  ["revoked and signed by nobody", `${withClaims({ jti: "taken-away" }).slice(0, -8)}AAAAAAAA`, "token-signature"],
];

before(async () => {
  const { schedule } = createManualSchedule();
  const keys = createKeySource({ issuer: fake.issuer, clock, fetch: fake.fetch, allowHttpLoopback: false, schedule });
  await keys.load();
  // The one fetch that unknown names may cause in this cool-down is used up here.
  await keys.refreshFor("warm-up");
  fake.asked.length = 0;
  const revocations = createRevocations({ clock });
  const { issuer } = fake;
  await revocations.add({ kind: "token", issuer, tokenId: "taken-away" }, 3_600_000);
  await revocations.add({ kind: "subject", issuer, subject: "gone", untilSeconds: NOW_SECONDS - 60 }, 3_600_000);
  verifier = createTokenVerifier({
    issuer,
    revocations,
    audience: AUDIENCE,
    claims: { groups: "groups", name: "preferred_username" },
    keys,
    clock,
  });
});

test("the token that every hostile one was made from is accepted", async () => {
  assert.equal((await verifier.verify(good)).ok, true);
  assert.equal((await verifier.verify(withClaims({ exp: NOW_SECONDS + 1, nbf: NOW_SECONDS }))).ok, true);
  assert.equal((await verifier.verify(withClaims({ sub: "gone", iat: NOW_SECONDS - 59 }))).ok, true);
});

for (const [name, rows] of Object.entries({
  shape,
  algorithms,
  signatures,
  keyNames,
  critical,
  kinds,
  issuers,
  audiences,
  times,
  others,
  takenAway,
})) {
  describe(`hostile ${name}`, () => {
    for (const [title, token, reason] of rows) {
      test(`${title}: ${reason}`, async () => {
        assert.deepEqual(await verifier.verify(token), { ok: false, reason });
        assert.equal(verifier.cached(token), null);
        assert.deepEqual(fake.asked, [], "a token must not cause a call");
      });
    }
  });
}

test("every reason of the closed list is met by a row above", () => {
  const met = new Set(
    [shape, algorithms, signatures, keyNames, critical, kinds, issuers, audiences, times, others, takenAway]
      .flat()
      .map(([, , reason]) => reason),
  );
  // That a token is bound to nothing counts only where the policy asks for a proof: bound-tokens.test.ts.
  met.add("token-not-bound");
  assert.deepEqual([...met].sort(), Object.keys(TOKEN_REASONS).sort());
});
