/** Tokens that are bound to a key, and rules that ask for such tokens: what the verifier takes of them. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { type ManualClock, createManualClock } from "../core/index.ts";
import { createKeySource } from "./key-source.ts";
import type { Presented } from "./possession.ts";
import { createProofMemory } from "./proof-memory.ts";
import { type FakeIssuer, createFakeIssuer } from "./testing/fake-issuer.ts";
import { mintProof, thumbprint } from "./testing/mint-proof.ts";
import { type Claims, type Headers, createTestKey, mintToken, publicJwk } from "./testing/token-mint.ts";
import type { TokenRules } from "./token-rules.ts";
import { type TokenVerifier, type TokenVerifierOptions, createTokenVerifier } from "./token-verifier.ts";

const NOW = 1_800_000_000;
const URL_ASKED = "https://shop.example/orders";
const signer = createTestKey("rsa-1", "rsa");
const key = createTestKey("client", "p256");
const CERTIFICATE = createHash("sha256").update("certificate").digest("hex");
const X5T = Buffer.from(CERTIFICATE, "hex").toString("base64url");
const PLAIN: Presented = { scheme: "bearer", proofs: [], method: "GET", url: URL_ASKED, certificate: null };

const ALL: TokenRules = { proof: ["dpop", "mtls"], requireProof: false, profile: null };

interface Setup {
  readonly verifier: TokenVerifier;
  readonly clock: ManualClock;
  readonly mint: (claims?: Claims, header?: Headers) => string;
}

async function setUp(tokens: TokenRules | undefined, options: Partial<TokenVerifierOptions> = {}): Promise<Setup> {
  const fake: FakeIssuer = createFakeIssuer([publicJwk(signer)]);
  const clock = createManualClock(NOW * 1000);
  const keys = createKeySource({ issuer: fake.issuer, clock, fetch: fake.fetch, allowHttpLoopback: false });
  await keys.load();
  keys.close();
  const verifier = createTokenVerifier({
    issuer: fake.issuer,
    audience: "shop-api",
    claims: { groups: "groups", name: "name" },
    keys,
    tokens,
    clock,
    ...options,
  });
  const mint = (claims: Claims = {}, header: Headers = {}): string =>
    mintToken(signer, { iss: fake.issuer, sub: "ada", aud: "shop-api", iat: NOW, exp: NOW + 300, ...claims }, header);
  return { verifier, clock, mint };
}

async function told(verifier: TokenVerifier, token: string, presented: Partial<Presented> = {}): Promise<string> {
  const result = await verifier.verifyPresented(token, { ...PLAIN, ...presented });
  return result.ok ? result.identity.subject : result.reason;
}

let lastId = 0;
function proven(token: string, claims: Claims = {}): Partial<Presented> {
  const all = { htm: "GET", htu: URL_ASKED, iat: NOW, jti: `id-${lastId++}`, ...claims };
  return { scheme: "dpop", proofs: [mintProof(key, token, all)] };
}

const TO_KEY = { cnf: { jkt: thumbprint(key) } };
const TO_CERTIFICATE = { cnf: { "x5t#S256": X5T } };

test("PL-3.15: a token that is bound to a key is taken with a proof by it, and each time with a new one", async () => {
  const { verifier, mint } = await setUp(ALL);
  const token = mint(TO_KEY);
  const first = proven(token);
  assert.equal(await told(verifier, token, first), "ada");
  assert.equal(await told(verifier, token, first), "proof-replayed");
  assert.equal(await told(verifier, token, proven(token)), "ada");
  assert.equal(await told(verifier, token, proven(token, { htm: "POST" })), "proof-request");
  assert.equal(await told(verifier, token, { scheme: "dpop" }), "proof-missing");
  const two = [...(proven(token).proofs ?? []), ...(proven(token).proofs ?? [])];
  assert.equal(await told(verifier, token, { scheme: "dpop", proofs: two }), "proof-repeated");
  assert.equal(await told(verifier, token, { scheme: "dpop", proofs: [""] }), "proof-malformed");
});

test("PL-3.15: a bound token is never a bearer's, also when it was verified before and whoever asks", async () => {
  const { verifier, mint } = await setUp(ALL);
  for (const [token, good] of [
    [mint(TO_KEY), proven(mint(TO_KEY))],
    [mint(TO_CERTIFICATE), { certificate: CERTIFICATE }],
  ] as const) {
    assert.equal(await told(verifier, token, good), "ada");
    assert.equal(verifier.cached(token), null);
    assert.deepEqual(await verifier.verify(token), { ok: false, reason: "token-sender-constrained" });
    assert.deepEqual(await verifier.withAudience("shop-api").verify(token), {
      ok: false,
      reason: "token-sender-constrained",
    });
  }
  // A proof beside it does not make up for the scheme, nor a certificate for a proof.
  const token = mint(TO_KEY);
  const bearer = { ...proven(token), scheme: "bearer", certificate: CERTIFICATE } as const;
  assert.equal(await told(verifier, token, bearer), "token-sender-constrained");
  assert.equal(await told(verifier, mint(TO_CERTIFICATE), proven(mint(TO_CERTIFICATE))), "token-sender-constrained");
});

test("PL-3.19: a token that is bound to a certificate is taken from who used it", async () => {
  const { verifier, mint } = await setUp(ALL);
  const token = mint(TO_CERTIFICATE);
  assert.equal(await told(verifier, token, { certificate: CERTIFICATE }), "ada");
  assert.equal(await told(verifier, token, { certificate: CERTIFICATE.toUpperCase() }), "ada");
  assert.equal(await told(verifier, token), "certificate-missing");
  assert.equal(await told(verifier, token, { certificate: "" }), "certificate-missing");
  assert.equal(
    await told(verifier, token, { certificate: "{http.request.tls.client.fingerprint}" }),
    "certificate-missing",
  );
  assert.equal(await told(verifier, token, { certificate: "0".repeat(64) }), "certificate-other");
});

test("PL-3.15: without rules, and for every other kind of binding, a bound token is refused", async () => {
  const certain = { certificate: CERTIFICATE };
  for (const tokens of [undefined, { ...ALL, proof: [] }] as const) {
    const { verifier, mint } = await setUp(tokens);
    assert.deepEqual(verifier.proofs, []);
    assert.equal(await told(verifier, mint(TO_KEY), proven(mint(TO_KEY))), "token-sender-constrained");
    assert.equal(await told(verifier, mint(TO_CERTIFICATE), certain), "token-sender-constrained");
  }
  const onlyDpop = await setUp({ ...ALL, proof: ["dpop"] });
  assert.deepEqual(onlyDpop.verifier.proofs, ["dpop"]);
  assert.equal(await told(onlyDpop.verifier, onlyDpop.mint(TO_CERTIFICATE), certain), "token-sender-constrained");
  const { verifier, mint } = await setUp(ALL);
  for (const cnf of [
    null,
    {},
    [],
    "x",
    { jkt: 7 },
    { jkt: "short" },
    { kid: "k" },
    { jwk: {} },
    { ...TO_KEY.cnf, ...TO_CERTIFICATE.cnf },
    { ...TO_KEY.cnf, kid: "k" },
  ]) {
    const token = mint({ cnf });
    assert.equal(await told(verifier, token, { ...proven(token), ...certain }), "token-sender-constrained");
  }
});

test("PL-3.15: a token that is bound to nothing is a bearer's, and no DPoP token", async () => {
  const { verifier, mint } = await setUp(ALL);
  const token = mint();
  assert.equal(await told(verifier, token), "ada");
  assert.equal(verifier.cached(token)?.subject, "ada");
  assert.equal(await told(verifier, token, { proofs: ["x"] }), "ada");
  assert.equal(await told(verifier, token, proven(token)), "token-not-bound");
});

test("PL-3.16: where a proof is required, a token that is bound to nothing is refused, cached or not", async () => {
  const { verifier, mint } = await setUp({ ...ALL, requireProof: true });
  const token = mint();
  for (let n = 0; n < 2; n++) {
    assert.equal(await told(verifier, token), "token-not-bound");
    assert.equal(verifier.cached(token), null);
    assert.deepEqual(await verifier.verify(token), { ok: false, reason: "token-not-bound" });
  }
  assert.equal(await told(verifier, mint(TO_KEY), proven(mint(TO_KEY))), "ada");
  // What the provider gave us itself is nobody's to present.
  assert.equal((await verifier.withAudience("shop-api").verify(token)).ok, true);
});

test("PL-3.17: the profile asks for the type and every required claim", async () => {
  const { verifier, mint } = await setUp({ proof: [], requireProof: false, profile: "rfc9068" });
  const full = { client_id: "shop-app", jti: "t-1" };
  assert.equal(await told(verifier, mint(full)), "ada");
  assert.equal(await told(verifier, mint(full, { typ: "application/AT+jwt" })), "ada");
  for (const typ of ["JWT", undefined]) assert.equal(await told(verifier, mint(full, { typ })), "token-type");
  for (const [name, value] of [
    ["client_id", undefined],
    ["client_id", ""],
    ["jti", undefined],
    ["jti", 7],
    ["iat", undefined],
    ["sub", undefined],
  ] as const)
    assert.equal(await told(verifier, mint({ ...full, [name]: value })), "token-claims", name);
  assert.equal(await told(verifier, mint({ ...full, client_id: undefined, azp: "shop-app" })), "token-claims");
  // Another audience is another kind of token: an ID token has neither.
  const idToken = mint({ aud: "shop-edge" }, { typ: "JWT" });
  assert.equal((await verifier.withAudience("shop-edge").verify(idToken)).ok, true);
});

test("without room for proofs a good one is answered with the gateway's own fault, and other callers are not", async () => {
  const shared = new SharedArrayBuffer(64 * 8);
  const memory = createProofMemory(shared);
  for (let n = 0; n < 64; n++) memory.note(`n${n}`, NOW + 60, NOW);
  const { verifier, mint, clock } = await setUp(ALL, { proofMemory: memory });
  assert.equal(await told(verifier, mint(TO_KEY), proven(mint(TO_KEY))), "proof-memory-full");
  assert.equal(await told(verifier, mint()), "ada");
  clock.advance(61_000);
  assert.equal(await told(verifier, mint(TO_KEY), proven(mint(TO_KEY), { iat: NOW + 61 })), "ada");
});

test("a proof does not outlive the token", async () => {
  const { verifier, mint, clock } = await setUp(ALL);
  const token = mint(TO_KEY);
  assert.equal(await told(verifier, token, proven(token)), "ada");
  clock.advance(300_000);
  assert.equal(await told(verifier, token, proven(token, { iat: NOW + 300 })), "token-expired");
});
