import assert from "node:assert/strict";
import { type JsonWebKey, createPublicKey, verify as verifySignature } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import * as jose from "jose";
import { createManualClock } from "../core/index.ts";
import { type AssertionSigner, createAssertionSigner } from "./assertion-signer.ts";
import type { Identity } from "./identity.ts";

const NOW_SECONDS = 1_800_000_000;
const ISSUER = "https://shop.localhost:8443/_gatehouse";
const clock = createManualClock(NOW_SECONDS * 1000);
const request = { audience: "orders", role: "support", minimumSeconds: 30 };

let folder: string;
let keyFile: string;
let signer: AssertionSigner;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-assertion-"));
  keyFile = join(folder, "key.json");
  signer = await createAssertionSigner({ issuer: ISSUER, keyFile, clock });
});
after(async () => rm(folder, { recursive: true }));
beforeEach(() => clock.set(NOW_SECONDS * 1000));

function makeIdentity(more: Partial<Identity> = {}): Identity {
  return {
    kind: "person",
    issuer: "https://login.shop.example",
    issuerName: null,
    subject: "ada",
    clientId: "shop-edge",
    name: "Ada",
    groups: ["support", "a,b"],
    claims: {},
    tokenId: null,
    issuedAtSeconds: NOW_SECONDS,
    authTimeSeconds: null,
    expiresAtSeconds: NOW_SECONDS + 3600,
    via: "session",
    key: "key",
    ...more,
  };
}

async function verify(text: string, audience = "orders"): Promise<jose.JWTPayload> {
  const keys = jose.createLocalJWKSet(signer.jwks() as jose.JSONWebKeySet);
  const currentDate = new Date(clock.nowMs());
  return (await jose.jwtVerify(text, keys, { issuer: ISSUER, audience, algorithms: ["ES256"], currentDate })).payload;
}

describe("what a service reads", () => {
  test("is every field of the identity, checked with nothing but the published keys", async () => {
    const payload = await verify(signer.sign(makeIdentity(), request));
    assert.match(payload.jti ?? "", /^[\da-f-]{36}$/);
    assert.deepEqual(
      { ...payload, jti: "" },
      {
        iss: ISSUER,
        aud: "orders",
        sub: "ada",
        kind: "person",
        client_id: "shop-edge",
        name: "Ada",
        groups: ["support", "a,b"],
        role: "support",
        iat: NOW_SECONDS,
        exp: NOW_SECONDS + 300,
        jti: "",
      },
    );
  });

  test("has a signature of two numbers of 32 bytes, however small they are", async () => {
    const [jwk] = signer.jwks().keys;
    const key = createPublicKey({ key: jwk as JsonWebKey, format: "jwk" });
    let short = 0;
    for (let i = 0; i < 2000; i++) {
      const text = signer.sign(makeIdentity({ subject: `p${i}` }), request);
      const dot = text.lastIndexOf(".");
      const signature = Buffer.from(text.slice(dot + 1), "base64url");
      if (signature[0] === 0 || signature[32] === 0) short++;
      assert.equal(signature.length, 64);
      const isGood = verifySignature(
        "sha256",
        Buffer.from(text.slice(0, dot)),
        { key, dsaEncoding: "ieee-p1363" },
        signature,
      );
      assert.ok(isGood);
    }
    assert.ok(short > 0, "one number in 256 is shorter");
  });

  test("has no member for what is not known", async () => {
    const payload = await verify(signer.sign(makeIdentity({ clientId: null, name: null }), { ...request, role: null }));
    assert.deepEqual(
      ["client_id", "name", "role"].filter((name) => name in payload),
      [],
    );
  });

  test("names the workload issuer whose subject it is, and the provider by nothing", async () => {
    const [ofProvider, ofIssuer] = [makeIdentity(), makeIdentity({ issuerName: "ci", issuer: "https://ci.example" })];
    const claims = await Promise.all([ofProvider, ofIssuer].map(async (each) => verify(signer.sign(each, request))));
    assert.deepEqual(
      claims.map(({ sub, issuer }) => [sub, issuer]),
      [
        ["ada", undefined],
        ["ada", "ci"],
      ],
    );
    assert.equal("issuer" in (claims[0] ?? {}), false);
  });

  test("has every claim that the discovery document lists, and no other", async () => {
    const payload = await verify(signer.sign(makeIdentity({ issuerName: "ci", act: { sub: "bot" } }), request));
    assert.deepEqual(Object.keys(payload).sort(), (signer.discovery()["claims_supported"] as string[]).toSorted());
  });

  test("names who acts for the subject, as the token did", async () => {
    const act = { sub: "bot", client_id: "runner", act: { sub: "ann", iss: "https://ci.example" } };
    assert.deepEqual((await verify(signer.sign(makeIdentity({ act }), request)))["act"], act);
    assert.equal("act" in (await verify(signer.sign(makeIdentity(), request))), false);
  });

  test("is never for the audience of AWS", () => {
    const forAws = { ...request, audience: "sts.amazonaws.com" };
    assert.throws(() => signer.sign(makeIdentity(), forAws), { code: "GH_INTERNAL" });
  });

  test("is for the named service alone", async () => {
    await assert.rejects(verify(signer.sign(makeIdentity(), request), "billing"), {
      code: "ERR_JWT_CLAIM_VALIDATION_FAILED",
    });
  });
});

describe("how long it lives", () => {
  const lifetimeOf = async (expiresInSeconds: number, minimumSeconds: number): Promise<number> => {
    const identity = makeIdentity({ expiresAtSeconds: NOW_SECONDS + expiresInSeconds });
    const { exp = 0 } = await verify(signer.sign(identity, { ...request, minimumSeconds }));
    return exp - NOW_SECONDS;
  };
  for (const [expiresIn, minimum, lifetime] of [
    [3600, 30, 300],
    [200, 30, 200],
    [10, 30, 35],
    [1, 0, 5],
    [3600, 900, 905],
  ] as const) {
    test(`${lifetime} s for a right of ${expiresIn} s and ${minimum} s asked`, async () => {
      assert.equal(await lifetimeOf(expiresIn, minimum), lifetime);
    });
  }

  test("one is used again until it no longer lives long enough, to the second", () => {
    const identity = makeIdentity();
    const first = signer.sign(identity, request);
    clock.advance(265_999);
    assert.equal(signer.sign(identity, request), first);
    clock.advance(1);
    assert.notEqual(signer.sign(identity, request), first);
  });

  test("another service, role, or identity has its own", () => {
    const identity = makeIdentity();
    const texts = [
      signer.sign(identity, request),
      signer.sign(identity, { ...request, audience: "order" }),
      signer.sign(identity, { ...request, role: null }),
      signer.sign(identity, { ...request, audience: "orders:support", role: null }),
      signer.sign(makeIdentity({ groups: [] }), request),
    ];
    assert.equal(new Set(texts).size, texts.length);
  });
});

describe("its keys", () => {
  test("are the same after a restart, and the private part is not published", async () => {
    const again = await createAssertionSigner({ issuer: ISSUER, keyFile, clock });
    assert.deepEqual(again.jwks(), signer.jwks());
    assert.deepEqual(
      signer.jwks().keys.map((key) => Object.keys(key).sort()),
      [["alg", "crv", "kid", "kty", "use", "x", "y"]],
    );
  });

  test("are all published; the first signs", async () => {
    const other = await createAssertionSigner({ issuer: ISSUER, keyFile: join(folder, "other.json"), clock });
    const both = await Promise.all(
      [join(folder, "other.json"), keyFile].map(
        async (file) => JSON.parse(await readFile(file, "utf8")) as { keys: unknown[] },
      ),
    );
    const bothFile = join(folder, "both.json");
    await writeFile(bothFile, JSON.stringify({ keys: both.flatMap(({ keys }) => keys) }), { mode: 0o600 });
    const rotated = await createAssertionSigner({ issuer: ISSUER, keyFile: bothFile, clock });
    assert.deepEqual(rotated.jwks().keys, [...other.jwks().keys, ...signer.jwks().keys]);
    const header = jose.decodeProtectedHeader(rotated.sign(makeIdentity(), request));
    assert.deepEqual(header, { alg: "ES256", typ: "JWT", kid: other.jwks().keys[0]?.["kid"] });
  });

  test("are found through the discovery document", () => {
    const { issuer, jwks_uri: jwksUri } = signer.discovery();
    assert.deepEqual([issuer, jwksUri], [ISSUER, `${ISSUER}/jwks.json`]);
  });
});
