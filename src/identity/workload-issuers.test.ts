/** Several issuers beside each other: tokens made by jose, keys of each issuer, and no way from one to another. */
import assert from "node:assert/strict";
import { before, beforeEach, describe, test } from "node:test";
import * as jose from "jose";
import { type ManualClock, createManualClock } from "../core/index.ts";
import type { Identity } from "./identity.ts";
import { type KeySource, createKeySource } from "./key-source.ts";
import { type FakeIssuer, createFakeIssuer, createManualSchedule } from "./testing/fake-issuer.ts";
import { type TokenVerifier, type TokenVerifierOptions, createTokenVerifier } from "./token-verifier.ts";

const NOW_SECONDS = 1_800_000_000;
const LOGIN = "https://login.shop.example";
const CI = "https://ci.shop.example";
const CLUSTER = "https://cluster.shop.example";

/** The same for all issuers, so that a `kid` alone says nothing. */
const KID = "key-1";
const keys: Record<string, jose.GenerateKeyPairResult> = {};
const jwks: Record<string, jose.JWK> = {};

before(async () => {
  for (const issuer of [LOGIN, CI, CLUSTER]) {
    keys[issuer] = await jose.generateKeyPair("ES256", { extractable: true });
    jwks[issuer] = { ...(await jose.exportJWK(keys[issuer].publicKey)), kid: KID, use: "sig" };
  }
});

interface Party {
  readonly fake: FakeIssuer;
  readonly source: KeySource;
  readonly schedule: ReturnType<typeof createManualSchedule>;
}

let clock: ManualClock;
let login: Party;
let ci: Party;
let cluster: Party;
let verifier: TokenVerifier;

function createParty(issuer: string): Party {
  const fake = createFakeIssuer([jwks[issuer]], issuer);
  const schedule = createManualSchedule();
  const source = createKeySource({
    issuer,
    clock,
    fetch: fake.fetch,
    allowHttpLoopback: false,
    schedule: schedule.schedule,
  });
  return { fake, source, schedule };
}

function optionsOf(more: Partial<TokenVerifierOptions> = {}): TokenVerifierOptions {
  return {
    issuer: LOGIN,
    audience: "shop-api",
    claims: { groups: "groups", name: "name" },
    keys: login.source,
    workloadIssuers: [
      {
        name: "ci",
        issuer: CI,
        audience: "shop-ci",
        claims: { groups: "roles", name: "repository" },
        keys: ci.source,
      },
      {
        name: "cluster",
        issuer: CLUSTER,
        audience: "shop-cluster",
        claims: { groups: "groups", name: "kubernetes.pod" },
        keys: cluster.source,
      },
    ],
    usedClaims: ["kubernetes.namespace", "ref"],
    clock,
    ...more,
  };
}

beforeEach(async () => {
  clock = createManualClock(NOW_SECONDS * 1000);
  [login, ci, cluster] = [createParty(LOGIN), createParty(CI), createParty(CLUSTER)];
  for (const party of [login, ci, cluster]) {
    await party.source.load();
    party.fake.asked.length = 0;
  }
  verifier = createTokenVerifier(optionsOf());
});

/** A token as the issuer's own library makes it, signed by the issuer's key unless another's is named. */
async function sign(
  issuer: string,
  audience: string,
  more: Record<string, unknown> = {},
  signer = issuer,
): Promise<string> {
  const pair = keys[signer];
  assert.ok(pair !== undefined);
  return new jose.SignJWT({
    iss: issuer,
    aud: audience,
    sub: "somebody",
    iat: NOW_SECONDS - 10,
    exp: NOW_SECONDS + 300,
    ...more,
  })
    .setProtectedHeader({ alg: "ES256", typ: "JWT", kid: KID })
    .sign(pair.privateKey);
}

async function identityOf(token: string): Promise<Identity> {
  const result = await verifier.verify(token);
  assert.ok(result.ok, `refused: ${result.ok ? "" : result.reason}`);
  return result.identity;
}

async function reasonOf(token: string, by = verifier): Promise<string> {
  const result = await by.verify(token);
  return result.ok ? "accepted" : result.reason;
}

function askedOf(...parties: readonly Party[]): readonly string[] {
  return parties.flatMap(({ fake }) => fake.asked);
}

describe("a token of each issuer", () => {
  test("is read by that issuer's own names, and says which issuer it is of", async () => {
    const provider = await identityOf(
      await sign(LOGIN, "shop-api", { groups: ["support"], name: "Ada", roles: ["x"] }),
    );
    assert.deepEqual(
      [provider.issuerName, provider.issuer, provider.name, provider.groups, provider.kind],
      [null, LOGIN, "Ada", ["support"], "person"],
    );
    const runner = await identityOf(
      await sign(CI, "shop-ci", { roles: ["deploy"], repository: "shop/web", ref: "refs/heads/main", groups: ["x"] }),
    );
    assert.deepEqual(
      [runner.issuerName, runner.issuer, runner.name, runner.groups, runner.kind, runner.claims],
      ["ci", CI, "shop/web", ["deploy"], "machine", { ref: ["refs/heads/main"] }],
    );
    const pod = await identityOf(
      await sign(CLUSTER, "shop-cluster", { kubernetes: { namespace: "orders", pod: "orders-7" } }),
    );
    assert.deepEqual(
      [pod.issuerName, pod.name, pod.groups, pod.claims],
      ["cluster", "orders-7", [], { "kubernetes.namespace": ["orders"] }],
    );
    assert.deepEqual(askedOf(login, ci, cluster), []);
  });

  test("is somebody else than the same subject of another issuer", async () => {
    const people = await Promise.all(
      [await sign(LOGIN, "shop-api"), await sign(CI, "shop-ci"), await sign(CLUSTER, "shop-cluster")].map(identityOf),
    );
    assert.deepEqual(
      people.map(({ subject }) => subject),
      ["somebody", "somebody", "somebody"],
    );
    assert.equal(new Set(people.map(({ key }) => key)).size, 3);
  });
});

describe("from one issuer there is no way to another", () => {
  const issuers: readonly [issuer: string, audience: string][] = [
    [LOGIN, "shop-api"],
    [CI, "shop-ci"],
    [CLUSTER, "shop-cluster"],
  ];
  for (const [issuer, audience] of issuers) {
    for (const [other, otherAudience] of issuers) {
      if (issuer === other) continue;
      test(`a token of ${issuer} signed by the key of ${other} with the same kid`, async () => {
        assert.equal(await reasonOf(await sign(issuer, audience, {}, other)), "token-signature");
        assert.deepEqual(askedOf(login, ci, cluster), []);
      });

      test(`a token of ${issuer} for the audience of ${other}`, async () => {
        assert.equal(await reasonOf(await sign(issuer, otherAudience)), "token-audience");
      });
    }

    test(`a token of ${issuer} for every audience is its own issuer's still`, async () => {
      const token = await sign(issuer, "", { aud: issuers.map(([, one]) => one) });
      assert.equal((await identityOf(token)).issuer, issuer);
    });
  }

  test("a key that only another issuer has is unknown, and only the token's own issuer is asked", async () => {
    const pair = await jose.generateKeyPair("ES256");
    const jwk = { ...(await jose.exportJWK(pair.publicKey)), kid: "login-2", use: "sig" };
    login.fake.keys = [jwks[LOGIN], jwk];
    login.schedule.fire();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(login.source.has("login-2"), true);
    login.fake.asked.length = 0;
    const token = await new jose.SignJWT({ iss: CI, aud: "shop-ci", sub: "x", exp: NOW_SECONDS + 300 })
      .setProtectedHeader({ alg: "ES256", kid: "login-2" })
      .sign(pair.privateKey);
    assert.equal(await reasonOf(token), "token-unknown-key");
    assert.deepEqual(askedOf(login, cluster), []);
    assert.deepEqual(ci.fake.asked, [`${CI}/.well-known/openid-configuration`, `${CI}/jwks`]);
  });

  for (const iss of [
    `${CI}/`,
    "https://CI.shop.example",
    "https://ci.shop.example:443",
    `${CI} `,
    "ci",
    "",
    "https://other.example",
    undefined,
  ]) {
    test(`nobody is trusted under the issuer ${JSON.stringify(iss)}`, async () => {
      assert.equal(await reasonOf(await sign(CI, "shop-ci", { iss })), "token-issuer");
      assert.deepEqual(askedOf(login, ci, cluster), []);
    });
  }

  for (const iss of [[CI], [LOGIN, CI], { issuer: CI }, null, 7, true]) {
    test(`an issuer that is no text is nobody: ${JSON.stringify(iss)}`, async () => {
      assert.equal(await reasonOf(await sign(CI, "shop-ci", { iss })), "token-issuer");
    });
  }

  test("an ID token is the provider's matter alone", async () => {
    const forClient = verifier.withAudience("shop-edge");
    assert.equal(await reasonOf(await sign(LOGIN, "shop-edge"), forClient), "accepted");
    for (const audience of ["shop-edge", "shop-ci"])
      assert.equal(await reasonOf(await sign(CI, audience), forClient), "token-issuer");
    assert.equal(await reasonOf(await sign(LOGIN, "shop-edge")), "token-audience");
  });

  test("an issuer string that stands for two is trusted for neither", async () => {
    const workload = { name: "twice", issuer: LOGIN, audience: "shop-twice", keys: cluster.source };
    const claims = { groups: "groups", name: "name" };
    const twice = createTokenVerifier(optionsOf({ workloadIssuers: [{ ...workload, claims }] }));
    assert.equal(await reasonOf(await sign(LOGIN, "shop-api"), twice), "token-issuer");
    assert.equal(await reasonOf(await sign(LOGIN, "shop-twice", {}, CLUSTER), twice), "token-issuer");
    const three = ["one", "two", "three"].map((name) => ({ ...workload, claims, issuer: CI, name }));
    const thrice = createTokenVerifier(optionsOf({ workloadIssuers: three }));
    assert.equal(await reasonOf(await sign(CI, "shop-twice", {}, CLUSTER), thrice), "token-issuer");
    assert.equal(await reasonOf(await sign(LOGIN, "shop-api"), thrice), "accepted");
  });
});

describe("remembering", () => {
  test("the tokens of all issuers are remembered, until their own end", async () => {
    const short = await sign(CI, "shop-ci", { exp: NOW_SECONDS + 60 });
    const long = await sign(LOGIN, "shop-api");
    const [runner, ada] = [await identityOf(short), await identityOf(long)];
    assert.equal(verifier.cached(short), runner);
    assert.equal(verifier.cached(long), ada);
    clock.set((NOW_SECONDS + 60) * 1000);
    assert.equal(verifier.cached(short), null);
    assert.equal(verifier.cached(long), ada);
    assert.equal(await reasonOf(short), "token-expired");
  });

  test("a change of one issuer's keys forgets that issuer's tokens and no others", async () => {
    const tokens = [await sign(LOGIN, "shop-api"), await sign(CI, "shop-ci"), await sign(CLUSTER, "shop-cluster")];
    for (const token of tokens) await identityOf(token);
    ci.fake.keys = [{ ...jwks[CLUSTER], kid: "ci-2" }];
    ci.schedule.fire();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(
      tokens.map((token) => verifier.cached(token)?.issuer ?? null),
      [LOGIN, null, CLUSTER],
    );
    assert.equal(await reasonOf(tokens[1] ?? ""), "token-unknown-key");
  });
});

describe("an issuer that is away", () => {
  test("from the start leaves its tokens without a verdict, those of others as they are, and recovers by itself", async () => {
    const away = createParty(CI);
    away.fake.fault = async () => Promise.reject(new Error("down"));
    const [workload] = optionsOf().workloadIssuers ?? [];
    assert.ok(workload !== undefined);
    const other = createTokenVerifier(optionsOf({ workloadIssuers: [{ ...workload, keys: away.source }] }));
    await assert.rejects(away.source.load(), { code: "GH_IDENTITY_PROVIDER_UNREACHABLE" });

    const token = await sign(CI, "shop-ci");
    assert.equal(await reasonOf(token, other), "keys-unavailable");
    assert.equal(await reasonOf(await sign(LOGIN, "shop-api"), other), "accepted");
    assert.deepEqual(askedOf(login), []);

    away.fake.fault = null;
    away.schedule.fire();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(await reasonOf(token, other), "accepted");
  });

  test("comes back with the first token that asks after the pause", async () => {
    const away = createParty(CI);
    away.fake.fault = async () => Promise.reject(new Error("down"));
    const [workload] = optionsOf().workloadIssuers ?? [];
    assert.ok(workload !== undefined);
    const other = createTokenVerifier(optionsOf({ workloadIssuers: [{ ...workload, keys: away.source }] }));
    await assert.rejects(away.source.load());
    away.fake.fault = null;
    const token = await sign(CI, "shop-ci");
    assert.equal(await reasonOf(token, other), "keys-unavailable");
    clock.advance(1000);
    assert.equal(await reasonOf(token, other), "accepted");
  });
});
