import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type ManualClock, createManualClock } from "../core/index.ts";
import type { Identity } from "./identity.ts";
import { createKeySource } from "./key-source.ts";
import { type FakeIssuer, createFakeIssuer, createManualSchedule } from "./testing/fake-issuer.ts";
import { type Claims, type TestKey, createTestKey, mintToken, publicJwk } from "./testing/token-mint.ts";
import { type TokenVerifier, type TokenVerifierOptions, createTokenVerifier } from "./token-verifier.ts";

const NOW_SECONDS = 1_800_000_000;
const rsa = createTestKey("rsa-1", "rsa");

interface Setup {
  readonly fake: FakeIssuer;
  readonly clock: ManualClock;
  readonly schedule: ReturnType<typeof createManualSchedule>;
  readonly verifier: TokenVerifier;
  readonly claims: (more?: Claims) => Claims;
}

async function setUp(keys: readonly TestKey[], options: Partial<TokenVerifierOptions> = {}): Promise<Setup> {
  const fake = createFakeIssuer(keys.map((key) => publicJwk(key)));
  const clock = createManualClock(NOW_SECONDS * 1000);
  const schedule = createManualSchedule();
  const source = createKeySource({
    issuer: fake.issuer,
    clock,
    fetch: fake.fetch,
    allowHttpLoopback: false,
    schedule: schedule.schedule,
  });
  await source.load();
  fake.asked.length = 0;
  const verifier = createTokenVerifier({
    issuer: fake.issuer,
    audience: "shop-api",
    claims: { groups: "groups", name: "preferred_username" },
    keys: source,
    clock,
    ...options,
  });
  const claims = (more: Claims = {}): Claims => ({
    iss: fake.issuer,
    sub: "ada",
    aud: "shop-api",
    iat: NOW_SECONDS - 10,
    exp: NOW_SECONDS + 300,
    ...more,
  });
  return { fake, clock, schedule, verifier, claims };
}

async function identityOf(verifier: TokenVerifier, token: string): Promise<Identity> {
  const result = await verifier.verify(token);
  assert.ok(result.ok, `refused: ${result.ok ? "" : result.reason}`);
  return result.identity;
}

describe("what is accepted", () => {
  const p256 = createTestKey("p256-1", "p256");
  const p384 = createTestKey("p384-1", "p384");
  const ed25519 = createTestKey("ed-1", "ed25519");
  const p521 = createTestKey("p521-1", "p521");
  const byAlgorithm: Record<string, TestKey> = { ES256: p256, ES384: p384, ES512: p521, EdDSA: ed25519 };

  for (const alg of ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]) {
    test(`${alg} with a key made for it`, async () => {
      const key = byAlgorithm[alg] ?? rsa;
      const { verifier, claims } = await setUp([key]);
      assert.equal((await identityOf(verifier, mintToken(key, claims(), { alg }))).subject, "ada");
    });
  }

  for (const typ of ["at+jwt", "AT+JWT", "application/at+jwt", "JWT", "jwt", undefined]) {
    test(`typ ${typ ?? "absent"}`, async () => {
      const { verifier, claims } = await setUp([rsa]);
      assert.equal((await verifier.verify(mintToken(rsa, claims(), { typ }))).ok, true);
    });
  }

  test("the audience may stand anywhere in a list", async () => {
    const { verifier, claims } = await setUp([rsa]);
    assert.equal((await verifier.verify(mintToken(rsa, claims({ aud: ["z", "shop-api"] })))).ok, true);
  });

  test("a token without kid, when the provider has one key and that has none", async () => {
    const { verifier, claims, fake, schedule } = await setUp([rsa]);
    fake.keys = [publicJwk(rsa, { kid: undefined })];
    schedule.fire();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal((await verifier.verify(mintToken(rsa, claims(), { kid: undefined }))).ok, true);
    assert.deepEqual(await verifier.verify(mintToken(rsa, claims())), { ok: false, reason: "token-unknown-key" });
  });
});

describe("whose token it is", () => {
  test("every field of a person", async () => {
    const { verifier, claims, fake } = await setUp([rsa]);
    const token = mintToken(
      rsa,
      claims({ groups: ["support", "staff"], preferred_username: "ada", client_id: "gatehouse-cli", azp: "other" }),
    );
    assert.deepEqual(await identityOf(verifier, token), {
      kind: "person",
      issuer: fake.issuer,
      issuerName: null,
      subject: "ada",
      clientId: "gatehouse-cli",
      name: "ada",
      groups: ["support", "staff"],
      claims: {},
      tokenId: null,
      issuedAtSeconds: NOW_SECONDS - 10,
      authTimeSeconds: null,
      expiresAtSeconds: NOW_SECONDS + 300,
      via: "bearer",
      key: `["${fake.issuer}","ada"]`,
    });
  });

  const machines: Record<string, Claims> = {
    "its subject is its client": { sub: "billing", client_id: "billing" },
    "its subject is its authorized party": { sub: "billing", azp: "billing" },
    "the grant says so": { sub: "x@clients", azp: "x", gty: "client-credentials" },
    "its kind says so": { sub: "oid", azp: "app", idtyp: "app" },
    "it is the client's service account": {
      sub: "uuid",
      azp: "Billing",
      preferred_username: "service-account-billing",
    },
  };
  for (const [title, more] of Object.entries(machines)) {
    test(`a machine's, when ${title}`, async () => {
      const { verifier, claims } = await setUp([rsa]);
      assert.equal((await identityOf(verifier, mintToken(rsa, claims(more)))).kind, "machine");
    });
  }

  test("a person's, when another client's service account name is claimed", async () => {
    const { verifier, claims } = await setUp([rsa]);
    const more = { azp: "web", preferred_username: "service-account-billing" };
    assert.equal((await identityOf(verifier, mintToken(rsa, claims(more)))).kind, "person");
  });

  const groupClaims: readonly [path: string, claims: Claims, groups: readonly string[]][] = [
    ["groups", {}, []],
    ["groups", { groups: "admin,x" }, ["admin,x"]],
    ["groups", { groups: [] }, []],
    ["realm_access.roles", { realm_access: { roles: ["support"] } }, ["support"]],
    ["realm_access.roles", { realm_access: {} }, []],
    ["https://shop.example/groups", { "https://shop.example/groups": ["support"] }, ["support"]],
    ["cognito:groups", { "cognito:groups": ["support"] }, ["support"]],
    ["__proto__.roles", {}, []],
  ];
  for (const [path, more, groups] of groupClaims) {
    test(`groups at ${path} of ${JSON.stringify(more)}`, async () => {
      const { verifier, claims } = await setUp([rsa], { claims: { groups: path, name: "name" } });
      assert.deepEqual((await identityOf(verifier, mintToken(rsa, claims(more)))).groups, groups);
    });
  }

  test("a path through something that is no object is a refusal", async () => {
    const { verifier, claims } = await setUp([rsa], { claims: { groups: "realm_access.roles", name: "name" } });
    const result = await verifier.verify(mintToken(rsa, claims({ realm_access: "roles" })));
    assert.deepEqual(result, { ok: false, reason: "token-claims" });
  });

  test("an identity cannot be changed by whoever holds it", async () => {
    const { verifier, claims } = await setUp([rsa]);
    const identity = await identityOf(verifier, mintToken(rsa, claims({ groups: ["support"] })));
    assert.throws(() => (identity.groups as string[]).push("admin"), TypeError);
    assert.throws(() => Object.assign(identity, { subject: "eve" }), TypeError);
  });
});

describe("times", () => {
  test("a token is good in its last second and not in the next", async () => {
    const { verifier, claims, clock } = await setUp([rsa]);
    const token = mintToken(rsa, claims());
    clock.set((NOW_SECONDS + 300) * 1000 - 1);
    assert.equal((await verifier.verify(token)).ok, true);
    assert.notEqual(verifier.cached(token), null);
    clock.advance(1);
    assert.equal(verifier.cached(token), null);
    assert.deepEqual(await verifier.verify(token), { ok: false, reason: "token-expired" });
  });

  test("tolerance is for nbf and iat, to the second, and never for exp", async () => {
    const { verifier, claims } = await setUp([rsa], { skewSeconds: 5 });
    const reasonOf = async (more: Claims): Promise<string> => {
      const result = await verifier.verify(mintToken(rsa, claims(more)));
      return result.ok ? "ok" : result.reason;
    };
    assert.equal(await reasonOf({ nbf: NOW_SECONDS + 5 }), "ok");
    assert.equal(await reasonOf({ nbf: NOW_SECONDS + 6 }), "token-not-yet-valid");
    assert.equal(await reasonOf({ iat: NOW_SECONDS + 5 }), "ok");
    assert.equal(await reasonOf({ iat: NOW_SECONDS + 6 }), "token-not-yet-valid");
    assert.equal(await reasonOf({ exp: NOW_SECONDS }), "token-expired");
  });
});

describe("remembering", () => {
  test("only a verified token is remembered, and `clear` forgets it", async () => {
    const { verifier, claims } = await setUp([rsa]);
    const token = mintToken(rsa, claims());
    assert.equal(verifier.cached(token), null);
    const identity = await identityOf(verifier, token);
    assert.equal(verifier.cached(token), identity);
    verifier.clear();
    assert.equal(verifier.cached(token), null);
  });

  test("tokens that differ in the header alone have their own verdicts", async () => {
    const { verifier, claims } = await setUp([rsa]);
    const token = mintToken(rsa, claims());
    await identityOf(verifier, token);
    const [, payload = "", signature = ""] = token.split(".");
    const other = `${Buffer.from('{"alg":"RS256","typ":"at+jwt","kid":"rsa-1" }').toString("base64url")}.${payload}.${signature}`;
    assert.equal(verifier.cached(other), null);
    assert.deepEqual(await verifier.verify(other), { ok: false, reason: "token-signature" });
  });

  test("what is good for one audience is not thereby good for another", async () => {
    const { verifier, claims } = await setUp([rsa]);
    const token = mintToken(rsa, claims());
    await identityOf(verifier, token);
    const other = verifier.withAudience("other-api");
    assert.equal(other.cached(token), null);
    assert.deepEqual(await other.verify(token), { ok: false, reason: "token-audience" });
    assert.equal((await verifier.withAudience("shop-api").verify(token)).ok, true);
  });

  test("a key that is gone takes the tokens it signed with it, remembered or not", async () => {
    const { verifier, claims, fake, schedule } = await setUp([rsa]);
    const token = mintToken(rsa, claims());
    await identityOf(verifier, token);
    const next = createTestKey("rsa-2", "rsa");
    fake.keys = [publicJwk(next)];
    schedule.fire();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(verifier.cached(token), null);
    assert.deepEqual(await verifier.verify(token), { ok: false, reason: "token-unknown-key" });
    assert.equal((await verifier.verify(mintToken(next, claims()))).ok, true);
  });

  test("a refresh that brings the same keys forgets nothing", async () => {
    const { verifier, claims, schedule, fake } = await setUp([rsa]);
    const token = mintToken(rsa, claims());
    const identity = await identityOf(verifier, token);
    schedule.fire();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(fake.asked.length, 2);
    assert.equal(verifier.cached(token), identity);
  });

  test("no more than twice the set number of tokens is held, and the latest are", async () => {
    const { verifier, claims } = await setUp([rsa], { cacheEntries: 10 });
    const tokens = Array.from({ length: 50 }, (_, i) => mintToken(rsa, claims({ sub: `p${i}` })));
    for (const token of tokens) await verifier.verify(token);
    const held = tokens.filter((token) => verifier.cached(token) !== null);
    assert.ok(held.length <= 20);
    assert.equal(held.at(-1), tokens.at(-1));
  });
});

describe("keys that are not there", () => {
  test("a provider that is down is never the token's fault", async () => {
    const { verifier, claims, fake } = await setUp([rsa]);
    const known = mintToken(rsa, claims());
    fake.fault = async () => Response.json({}, { status: 500 });
    const unknown = mintToken(createTestKey("rsa-2", "rsa"), claims());
    assert.deepEqual(await verifier.verify(unknown), { ok: false, reason: "keys-unavailable" });
    assert.equal((await verifier.verify(known)).ok, true);
    assert.deepEqual(await verifier.verify(mintToken(rsa, claims({ aud: "x" }))), {
      ok: false,
      reason: "token-audience",
    });
  });

  test("remembered tokens end with the keys' last tolerable moment", async () => {
    const { verifier, claims, fake, clock } = await setUp([rsa]);
    const token = mintToken(rsa, claims({ exp: NOW_SECONDS + 86_400 }));
    await identityOf(verifier, token);
    fake.fault = async () => Promise.reject(new Error("down"));
    clock.advance(600_000 + 4 * 3_600_000);
    assert.notEqual(verifier.cached(token), null);
    clock.advance(1);
    assert.equal(verifier.cached(token), null);
    assert.deepEqual(await verifier.verify(token), { ok: false, reason: "keys-unavailable" });
    fake.fault = null;
    clock.advance(1000);
    assert.equal((await verifier.verify(token)).ok, true);
  });
});
