import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import * as jose from "jose";
import { createManualClock } from "../core/index.ts";
import { type AssertionSigner, createAssertionSigner } from "./assertion-signer.ts";
import { type Broker, createBroker } from "./broker.ts";
import type { Identity } from "./identity.ts";

const NOW_SECONDS = 1_800_000_000;
const ISSUER = "https://api.shop.example/_gatehouse";
const clock = createManualClock(NOW_SECONDS * 1000);

let folder: string;
let signer: AssertionSigner;
let broker: Broker;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-broker-"));
  signer = await createAssertionSigner({ issuer: ISSUER, keyFile: join(folder, "key.json"), clock });
  broker = createBroker(signer, clock);
});
after(async () => rm(folder, { recursive: true }));
beforeEach(() => clock.set(NOW_SECONDS * 1000));

function identity(expiresInSeconds: number): Identity {
  return {
    kind: "person",
    issuer: "https://login.shop.example",
    issuerName: null,
    subject: "ada",
    clientId: "shop",
    name: "Ada",
    groups: ["support"],
    claims: { tenant: ["blue"] },
    tokenId: null,
    issuedAtSeconds: null,
    authTimeSeconds: null,
    expiresAtSeconds: NOW_SECONDS + expiresInSeconds,
    via: "bearer",
    key: "ada",
  };
}

test("says role and subject and nothing else of the identity, for AWS alone, by a published key", async () => {
  const token = broker.mint(identity(3600), "support") ?? "";
  const keys = jose.createLocalJWKSet(signer.jwks() as jose.JSONWebKeySet);
  const { payload, protectedHeader } = await jose.jwtVerify(token, keys, { currentDate: new Date(clock.nowMs()) });
  assert.match(payload.jti ?? "", /^[\da-f-]{36}$/);
  assert.deepEqual(
    { ...payload, jti: "" },
    {
      iss: ISSUER,
      aud: "sts.amazonaws.com",
      sub: "role:support:subject::ada",
      iat: NOW_SECONDS,
      exp: NOW_SECONDS + 300,
      jti: "",
    },
  );
  assert.deepEqual(protectedHeader, { alg: "ES256", typ: "JWT", kid: signer.jwks().keys[0]?.["kid"] });
});

for (const [expiresIn, lifetime] of [
  [3600, 300],
  [300, 300],
  [299, 299],
  [1, 1],
] as const)
  test(`lives ${lifetime} s for a right of ${expiresIn} s`, () => {
    const { exp, iat } = jose.decodeJwt(broker.mint(identity(expiresIn), "support") ?? "");
    assert.equal((exp ?? 0) - (iat ?? 0), lifetime);
  });

test("is not given when the right has ended, to the millisecond", () => {
  clock.advance(9999);
  assert.notEqual(broker.mint(identity(10), "support"), null);
  clock.advance(1);
  assert.equal(broker.mint(identity(10), "support"), null);
});
