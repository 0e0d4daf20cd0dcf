import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, test } from "node:test";
import { importKeySet } from "./key-set.ts";
import { createTestKey, publicJwk } from "./testing/token-mint.ts";

const good = createTestKey("good", "rsa");
const p256 = publicJwk(createTestKey("bad", "p256"));
const rsa = publicJwk(createTestKey("bad", "rsa"));
const exponentOne = { ...rsa, e: "AQ" };
const privateJwk = { ...createTestKey("bad", "rsa").privateKey.export({ format: "jwk" }), kid: "bad" };
const x25519 = { ...generateKeyPairSync("x25519").publicKey.export({ format: "jwk" }), kid: "bad" };

const unusable: readonly [title: string, member: unknown, reason: string][] = [
  ["null", null, "not an object"],
  ["a text", "key", "not an object"],
  ["unknown kind", { ...rsa, kty: "XYZ" }, "not an asymmetric key"],
  ["shared secret", { kty: "oct", kid: "bad", k: "AAAA" }, "not an asymmetric key"],
  ["for encryption", { ...rsa, use: "enc" }, "not for signatures"],
  ["for encrypting", { ...rsa, use: undefined, key_ops: ["encrypt"] }, "not for verifying"],
  ["operations no list", { ...rsa, key_ops: "verify" }, "not for verifying"],
  ["encryption algorithm", { ...rsa, alg: "RSA-OAEP" }, "its algorithm is not accepted"],
  ["HMAC algorithm on a public key", { ...rsa, alg: "HS256" }, "its algorithm is not accepted"],
  ["algorithm of another kind", { ...rsa, alg: "ES256" }, "no accepted algorithm fits the key"],
  ["private key", privateJwk, "a private key is published"],
  ["missing modulus", { ...rsa, n: undefined }, "not a valid public key"],
  ["exponent 1", exponentOne, "RSA exponent is not odd and at least 3"],
  ["exponent 2", { ...rsa, e: "Ag" }, "RSA exponent is not odd and at least 3"],
  ["1024 bits", publicJwk(createTestKey("bad", "rsa-1024")), "RSA key shorter than 2048 bits"],
  ["point off the curve", { ...p256, y: p256["x"] }, "not a valid public key"],
  ["unknown curve", { ...p256, crv: "secp256k1" }, "not a valid public key"],
  ["key agreement", x25519, "no accepted algorithm fits the key"],
  ["kid is a number", { ...rsa, kid: 7 }, "its kid is not a string"],
];

describe("a key that is not used", () => {
  for (const [title, member, reason] of unusable) {
    test(`${title}: ${reason}`, () => {
      const set = importKeySet({ keys: [member, publicJwk(good)] });
      assert.ok(set);
      assert.deepEqual(
        set.ignored.map((ignored) => ignored.reason),
        [reason],
      );
      assert.equal(set.has("bad"), false);
      assert.notEqual(set.find("good", "RS256"), null);
    });
  }
});

test("a key serves its declared algorithm alone, or all that its kind can", () => {
  const set = importKeySet({ keys: [publicJwk(good, { alg: "RS512" }), publicJwk(createTestKey("any", "rsa"))] });
  assert.deepEqual(
    set?.keys.map((key) => key.algorithms),
    [["RS512"], ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]],
  );
  assert.equal(set?.find("good", "RS256"), null);
});

test("one name for keys of two kinds is told apart by algorithm, for two of one kind by nothing", () => {
  const kinds = importKeySet({ keys: [publicJwk(good, { kid: "x" }), { ...p256, kid: "x" }] });
  assert.equal(kinds?.find("x", "RS256")?.asymmetricKeyType, "rsa");
  assert.equal(kinds?.find("x", "ES256")?.asymmetricKeyType, "ec");
  const twins = importKeySet({ keys: [publicJwk(good, { kid: "x" }), { ...rsa, kid: "x" }] });
  assert.equal(twins?.find("x", "RS256"), null);
});

test("a key without name is found only when it is the only one", () => {
  const nameless = publicJwk(good, { kid: undefined });
  assert.notEqual(importKeySet({ keys: [nameless] })?.find(null, "RS256"), null);
  assert.equal(importKeySet({ keys: [nameless, p256] })?.find(null, "RS256"), null);
  assert.equal(importKeySet({ keys: [publicJwk(good)] })?.find(null, "RS256"), null);
});

test("the fingerprint follows the keys, not their order or the document's other members", () => {
  const one = importKeySet({ keys: [publicJwk(good), p256] });
  const other = importKeySet({ keys: [{ ...p256, x5t: "abc" }, publicJwk(good)], more: 1 });
  assert.equal(one?.fingerprint, other?.fingerprint);
  assert.notEqual(one?.fingerprint, importKeySet({ keys: [publicJwk(good)] })?.fingerprint);
});

for (const document of [null, [], "keys", {}, { keys: {} }, { keys: "k" }, { keys: null }]) {
  test(`${JSON.stringify(document)} is no key set`, () => {
    assert.equal(importKeySet(document), null);
  });
}
