import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, test } from "node:test";
import { calculateJwkThumbprint } from "jose";
import { type ProofContext, checkDpopProof, normalizeTarget, thumbprintOf } from "./dpop-proof.ts";
import { PROOF_REASONS, type ProofReason } from "./identity.ts";
import { mintProof, proofJwk, thumbprint } from "./testing/mint-proof.ts";
import { type Claims, type Headers, createTestKey } from "./testing/token-mint.ts";

const NOW = 1_800_000_000;
const TOKEN = "a.b.c";
const key = createTestKey("one", "p256");
const other = createTestKey("two", "p256");
const context: ProofContext = {
  method: "POST",
  url: "https://shop.example:8443/orders/7",
  token: TOKEN,
  thumbprint: thumbprint(key),
};
const CLAIMS: Claims = { htm: "POST", htu: context.url, iat: NOW, jti: "id-1" };

function check(claims: Claims = {}, header: Headers = {}, more: Partial<ProofContext> = {}) {
  return checkDpopProof(mintProof(key, TOKEN, { ...CLAIMS, ...claims }, header), { ...context, ...more }, NOW * 1000);
}

function reasonOf(result: ReturnType<typeof checkDpopProof>): ProofReason | null {
  return result.ok ? null : result.reason;
}

test("PL-3.18: a good proof has an id of its key and a last second", () => {
  assert.deepEqual(check(), { ok: true, id: `${thumbprint(key)} id-1`, untilSeconds: NOW + 60 });
});

describe("accepted", () => {
  const kinds = [
    ["RS256", "rsa"],
    ["PS512", "rsa"],
    ["ES384", "p384"],
    ["ES512", "p521"],
    ["EdDSA", "ed25519"],
  ] as const;
  for (const [alg, kind] of kinds)
    test(`${alg} with a key of its kind`, () => {
      const own = createTestKey("own", kind);
      const proof = mintProof(own, TOKEN, CLAIMS, { alg });
      assert.equal(reasonOf(checkDpopProof(proof, { ...context, thumbprint: thumbprint(own) }, NOW * 1000)), null);
    });
  for (const [name, claims] of [
    ["sixty seconds old", { iat: NOW - 60 }],
    ["five seconds ahead", { iat: NOW + 5 }],
    ["fractions of a second", { iat: NOW - 0.5 }],
    ["with query and fragment", { htu: `${context.url}?a=1#b` }],
    ["scheme and host in capitals", { htu: "HTTPS://SHOP.example:8443/orders/7" }],
    ["dot segments", { htu: "https://shop.example:8443/x/../orders/./7" }],
    ["escapes that need not be", { htu: "https://shop.example:8443/%6frders/7" }],
    ["a nonce that nobody asked for", { nonce: "n" }],
  ] as const)
    test(name, () => assert.equal(reasonOf(check(claims)), null));
  test("typ in capitals", () => assert.equal(reasonOf(check({}, { typ: "DPoP+JWT" })), null));
});

type Row = readonly [name: string, reason: ProofReason, claims: Claims, header?: Headers];
const jwk = proofJwk(key);
const privateJwk = key.privateKey.export({ format: "jwk" }) as Record<string, string>;
const weak = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ format: "jwk" });
const ROWS: readonly Row[] = [
  ["typ of a token", "proof-malformed", {}, { typ: "at+jwt" }],
  ["no typ", "proof-malformed", {}, { typ: undefined }],
  ["no key", "proof-malformed", {}, { jwk: undefined }],
  ["a key that is a text", "proof-malformed", {}, { jwk: JSON.stringify(jwk) }],
  ["a private key", "proof-malformed", {}, { jwk: privateJwk }],
  ["a shared secret", "proof-malformed", {}, { jwk: { kty: "oct", k: "c2VjcmV0" }, alg: "HS256" }],
  ["a public key with a member of a secret one", "proof-malformed", {}, { jwk: { ...jwk, k: "c2VjcmV0" } }],
  ["a short RSA key", "proof-malformed", {}, { jwk: weak as Record<string, string>, alg: "RS256" }],
  ["a key for encryption", "proof-malformed", {}, { jwk: { ...jwk, use: "enc" } }],
  ["no algorithm", "proof-malformed", {}, { alg: "none" }],
  ["a symmetric algorithm", "proof-malformed", {}, { alg: "HS256" }],
  ["an algorithm of another key", "proof-malformed", {}, { alg: "RS256" }],
  ["a critical header", "proof-malformed", {}, { crit: ["x"], x: 1 }],
  ["an unencoded payload", "proof-malformed", {}, { b64: false }],
  ["another key", "proof-key", {}, { jwk: proofJwk(other) }],
  ["no htm", "proof-malformed", { htm: undefined }],
  ["no htu", "proof-malformed", { htu: undefined }],
  ["no iat", "proof-malformed", { iat: undefined }],
  ["iat as a text", "proof-malformed", { iat: String(NOW) }],
  ["no jti", "proof-malformed", { jti: undefined }],
  ["an empty jti", "proof-malformed", { jti: "" }],
  ["an endless jti", "proof-malformed", { jti: "x".repeat(257) }],
  ["no ath", "proof-malformed", { ath: undefined }],
  ["another method", "proof-request", { htm: "GET" }],
  ["the method in small letters", "proof-request", { htm: "post" }],
  ["plain http", "proof-request", { htu: "http://shop.example:8443/orders/7" }],
  ["another host", "proof-request", { htu: "https://shop.example.evil.test:8443/orders/7" }],
  ["another port", "proof-request", { htu: "https://shop.example/orders/7" }],
  ["another path", "proof-request", { htu: "https://shop.example:8443/orders/8" }],
  ["a slash more", "proof-request", { htu: "https://shop.example:8443/orders/7/" }],
  ["an escaped slash", "proof-request", { htu: "https://shop.example:8443/orders%2F7" }],
  ["a path alone", "proof-request", { htu: "/orders/7" }],
  ["a user in the address", "proof-request", { htu: "https://me@shop.example:8443/orders/7" }],
  ["a backslash", "proof-request", { htu: "https://shop.example:8443\\orders/7" }],
  ["sixty-one seconds old", "proof-time", { iat: NOW - 61 }],
  ["six seconds ahead", "proof-time", { iat: NOW + 6 }],
  ["another token", "proof-token", { ath: "x" }],
];

describe("refused", () => {
  for (const [name, reason, claims, header] of ROWS)
    test(name, () => assert.deepEqual(check(claims, header), { ok: false, reason }));

  test("no JWS, two in one header, one that is too long", () => {
    const proof = mintProof(key, TOKEN, CLAIMS);
    for (const text of [
      "",
      "x",
      `${proof},${proof}`,
      `${proof} `,
      mintProof(key, TOKEN, { ...CLAIMS, x: "x".repeat(9000) }),
    ])
      assert.deepEqual(checkDpopProof(text, context, NOW * 1000), { ok: false, reason: "proof-malformed" });
  });

  test("a changed claim, and another's signature under the right key's name", () => {
    const [header = "", , signature = ""] = mintProof(key, TOKEN, CLAIMS).split(".");
    const [, payload = ""] = mintProof(key, TOKEN, { ...CLAIMS, jti: "id-2" }).split(".");
    const changed = `${header}.${payload}.${signature}`;
    assert.equal(reasonOf(checkDpopProof(changed, context, NOW * 1000)), "proof-signature");
    const forged = mintProof(other, TOKEN, CLAIMS, { jwk });
    assert.equal(reasonOf(checkDpopProof(forged, context, NOW * 1000)), "proof-signature");
  });
});

test("every reason about the proof itself is met above", () => {
  const met = new Set([...ROWS.map(([, reason]) => reason), "proof-signature"]);
  // What is not about the content of one proof: bound-tokens.test.ts.
  for (const elsewhere of [
    "proof-missing",
    "proof-repeated",
    "proof-replayed",
    "certificate-missing",
    "certificate-other",
  ])
    met.add(elsewhere);
  assert.deepEqual([...met].sort(), Object.keys(PROOF_REASONS).sort());
});

test("thumbprints are jose's, whatever else stands in the key and in whatever order", async () => {
  for (const kind of ["rsa", "p256", "p384", "p521", "ed25519"] as const) {
    const own = proofJwk(createTestKey("k", kind));
    const mixed = { kid: "k", use: "sig", ...Object.fromEntries(Object.entries(own).toReversed()) };
    assert.equal(thumbprintOf(mixed), await calculateJwkThumbprint(own));
  }
});

test("addresses have one form", () => {
  for (const [address, form] of [
    ["https://shop.example", "https://shop.example/"],
    ["https://shop.example:443/", "https://shop.example/"],
    ["http://shop.example:80/a", "http://shop.example/a"],
    ["https://shop.example/%c3%a4", "https://shop.example/%C3%A4"],
    ["https://shop.example/%7Eme?x", "https://shop.example/~me"],
    ["https://shop.example/a b", null],
    ["ftp://shop.example/", null],
    ["https://[::1]:8443/a", "https://[::1]:8443/a"],
    ["https://", null],
  ] as const)
    assert.equal(normalizeTarget(address), form, address);
});
