/**
 * A provider's keys: asked of a real issuer over HTTP, at a gateway whose service counts.
 *
 * The clock and the plan of the next fetch are the test's. What no library would publish or sign is made by hand.
 */
import assert from "node:assert/strict";
import dns from "node:dns";
import { type ServerResponse, createServer } from "node:http";
import { syncBuiltinESMExports } from "node:module";
import type { AddressInfo } from "node:net";
import { rmSync } from "node:fs";
import { type TestContext, after, before, it } from "node:test";
import { gzipSync } from "node:zlib";
import { createManualClock } from "../../src/core/index.ts";
import {
  type KeySource,
  type KeySourceOptions,
  type TokenVerifier,
  type WorkloadIssuer,
  createKeySource,
  createProviderFetch,
  createTokenVerifier,
} from "../../src/identity/index.ts";
import { createManualSchedule } from "../../src/identity/testing/fake-issuer.ts";
import { type TestKey, createTestKey, mintToken, publicJwk } from "../../src/identity/testing/token-mint.ts";
import { type Fixture, startGateway } from "../gateway/fixture.ts";
import { ask } from "../gateway/raw-client.ts";
import { type Service, startService } from "../gateway/service.ts";
import { Browser, setUpSignIn } from "../identity/sign-in-setup.ts";
import { GATEHOUSE, makeDirectory } from "../support/instance.ts";
import { run } from "../support/run.ts";
import { type IssuerFault, type IssuerKey, type SigningIssuer, startSigningIssuer } from "../support/signing-issuer.ts";
import { row } from "./catalogue.ts";

const AUDIENCE = "shop-api";
const NAMES = { groups: "groups", name: "name" };
const CACHE_MS = 600_000;
const STALE_MS = 4 * 3_600_000;
const COOLDOWN_MS = 30_000;

type Verdict = readonly [status: number, hits: number, reason: string | undefined];
const served = (hits: number): Verdict => [200, hits, "role-grants"];
const refused = (reason: string, hits = 0): Verdict => [401, hits, reason];
const unavailable = (hits = 0): Verdict => [503, hits, "keys-unavailable"];

interface Stage {
  readonly schedule: ReturnType<typeof createManualSchedule>;
  readonly keys: KeySource;
  readonly verifier: TokenVerifier;
  /** Status, calls of the service by this test so far, and the reason in the record, of a request with this token. */
  readonly ask: (token: string) => Promise<Verdict>;
}

/** One for all: it only ever goes on, since durations are measured by it too. */
const clock = createManualClock(1_800_000_000_000);
const nowSeconds = (): number => Math.floor(clock.nowMs() / 1000);

const ends: (() => unknown)[] = [];
const fileContext = { after: (end: () => unknown) => void ends.unshift(end) } as unknown as TestContext;
let service: Service;
let fixture: Fixture;
/** Of the test that runs. */
let verifierOfTest: TokenVerifier;

before(async () => {
  service = await startService(fileContext);
  const verifier: TokenVerifier = {
    cached: (token) => verifierOfTest.cached(token),
    proofs: [],
    verify: (token) => verifierOfTest.verify(token),
    verifyPresented: (token, presented) => verifierOfTest.verifyPresented(token, presented),
    forIssuer: () => null,
    withAudience: (audience) => verifierOfTest.withAudience(audience),
    mayGoOn: (identity) => verifierOfTest.mayGoOn(identity),
    clear: () => verifierOfTest.clear(),
  };
  const spec = {
    routes: [{ key: "GET /orders", upstream: service.origin }],
    roles: [{ name: "support", groups: ["support"], can: ["GET/orders"] }],
  };
  fixture = await startGateway(fileContext, spec, { clock, wrap: (runtime) => ({ ...runtime, verifier }) });
});
after(async () => {
  for (const end of ends) await end();
});

/** The gateway takes tokens of this issuer. Its keys are not loaded yet. */
function setUp(t: TestContext, issuer: string, more: Partial<KeySourceOptions> = {}): Stage {
  clock.advance(1000 - (clock.nowMs() % 1000));
  const schedule = createManualSchedule();
  const planned = { clock, schedule: schedule.schedule };
  const keys = createKeySource({ issuer, allowHttpLoopback: true, timeoutMs: 2000, ...planned, ...more });
  t.after(() => keys.close());
  const verifier = createTokenVerifier({ issuer, audience: AUDIENCE, claims: NAMES, keys, clock });
  verifierOfTest = verifier;
  const hitsBefore = service.hits();
  return { schedule, keys, verifier, ask: async (token) => askGateway(token, hitsBefore) };
}

const BODIES: Readonly<Record<number, string>> = {
  200: "ok",
  401: '{"message":"Unauthorized"}',
  503: '{"message":"Service Unavailable"}',
};

async function askGateway(token: string, hitsBefore: number): Promise<Verdict> {
  const earlier = fixture.records.length;
  const answer = await ask(fixture.publicSocket, "GET /orders HTTP/1.1", [`Authorization: Bearer ${token}`]);
  assert.equal(fixture.records.length, earlier + 1, "one record");
  const record = fixture.records.at(-1);
  assert.equal(answer.body, BODIES[answer.status]);
  assert.ok(!JSON.stringify(record).includes(token.slice(-30)), "the token is in the record");
  return [answer.status, service.hits() - hitsBefore, record?.reason];
}

/** @param keys of the kind that is made fastest, unless the test is about kinds */
async function startIdp(
  t: TestContext,
  keys: readonly IssuerKey[] = [{ kid: "one", alg: "ES256" }],
): Promise<SigningIssuer> {
  const idp = await startSigningIssuer(null, keys);
  t.after(() => idp.close());
  return idp;
}

function claimsOf(issuer: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  const times = { iat: nowSeconds() - 10, exp: nowSeconds() + 10 * 3600 };
  return { iss: issuer, aud: AUDIENCE, sub: "ada", groups: ["support"], ...times, ...more };
}

/** Until a fetch that the schedule began has ended. */
async function settle(keys: KeySource): Promise<void> {
  await keys.refreshFor("a name that nobody has");
}

const UNUSABLE: Readonly<Record<string, IssuerFault>> = {
  "a closed connection": "closed",
  "no answer": "silent",
  "500": { status: 500 },
  "404": { status: 404 },
  "204": { status: 204 },
  HTML: { body: "<html><title>Sign in</title></html>" },
  "an empty body": { body: "" },
  null: { body: "null" },
  "a list": { body: "[]" },
  "an empty object": { body: "{}" },
  "no keys": { body: '{"keys":[]}' },
  "keys in an object": { body: '{"keys":{}}' },
  "keys in a text": { body: '{"keys":"none"}' },
  "two lists of keys": { body: '{"keys":[],"keys":[]}' },
  "200,000 bytes": "huge",
};

row(79, () => {
  for (const [title, fault] of Object.entries(UNUSABLE)) {
    it(`${title} at the start: no token is verified, and none by a default`, async (t) => {
      const idp = await startIdp(t);
      const stage = setUp(t, idp.issuer, { timeoutMs: 300 });
      const token = await idp.sign(claimsOf(idp.issuer));
      idp.faults.jwks = fault;
      await assert.rejects(stage.keys.load(), { code: /^GH_IDENTITY_(PROVIDER_UNREACHABLE|NO_USABLE_KEY)$/ });
      assert.deepEqual(await stage.ask(token), unavailable());
      assert.deepEqual(stage.keys.state().keys, []);
      // Back, it is asked again after the pause.
      idp.faults.jwks = undefined;
      clock.advance(60_000);
      assert.deepEqual(await stage.ask(token), served(1));
    });

    it(`${title} at a refresh: the last good keys stay for four hours, and then there are none`, async (t) => {
      const idp = await startIdp(t, [
        { kid: "one", alg: "ES256" },
        { kid: "other", alg: "ES256", isPublished: false },
      ]);
      const stage = setUp(t, idp.issuer, { timeoutMs: 300 });
      await stage.keys.load();
      const token = await idp.sign(claimsOf(idp.issuer));
      const forged = await idp.sign(claimsOf(idp.issuer), { kid: "one" }, "other");
      idp.faults.jwks = fault;
      clock.advance(CACHE_MS);
      stage.schedule.fire();
      await settle(stage.keys);
      assert.notEqual(stage.keys.state().lastError, null);
      assert.deepEqual(await stage.ask(token), served(1));
      assert.deepEqual(await stage.ask(forged), refused("token-signature", 1));
      clock.advance(STALE_MS);
      assert.deepEqual(await stage.ask(token), served(2));
      clock.advance(1);
      assert.deepEqual(await stage.ask(token), unavailable(2));
      assert.deepEqual(await stage.ask(forged), unavailable(2));
    });
  }

  it("discovery that fails is no better than keys that fail", async (t) => {
    for (const fault of ["closed", { status: 500 }, { body: "<html>" }, "huge"] as const) {
      const idp = await startIdp(t);
      idp.faults.discovery = fault;
      const stage = setUp(t, idp.issuer);
      await assert.rejects(stage.keys.load(), { code: "GH_IDENTITY_PROVIDER_UNREACHABLE" });
      assert.deepEqual(await stage.ask(await idp.sign(claimsOf(idp.issuer))), unavailable());
      assert.ok(!idp.asked.includes("/jwks"));
    }
  });
});

const ELSEWHERE = "https://login.shop.example/realms/shop";

/** Answers of an issuer elsewhere, and what was asked of anybody. */
function elsewhere(jwksUri: string): { asked: string[]; fetch: (url: string) => Promise<Response> } {
  const asked: string[] = [];
  return {
    asked,
    fetch: async (url) => {
      asked.push(url);
      if (url.endsWith("/openid-configuration")) return Response.json({ issuer: ELSEWHERE, jwks_uri: jwksUri });
      return Response.json({ keys: [publicJwk(createTestKey("k", "p256"))] });
    },
  };
}

/** Names lead to these addresses until the test ends. */
function resolveTo(t: TestContext, addresses: readonly string[]): void {
  const found = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
  const answer = (_name: string, _options: object, done: (error: null, all: object) => void): void => done(null, found);
  const replaced = t.mock.method(dns, "lookup", answer as unknown as typeof dns.lookup);
  syncBuiltinESMExports();
  t.after(() => {
    replaced.mock.restore();
    syncBuiltinESMExports();
  });
}

row(80, () => {
  for (const uri of [
    "http://169.254.169.254/latest/meta-data",
    "https://169.254.169.254/latest/meta-data",
    "https://169.254.169.254./",
    "https://0xa9fea9fe/",
    "https://2852039166/",
    "https://0251.0376.0251.0376/",
    "https://169.254.43518/",
    "https://[::ffff:169.254.169.254]/",
    "https://[::ffff:a9fe:a9fe]/",
    "https://[fd00:ec2::254]/",
    "https://[fe80::1]/",
    "https://127.0.0.1/jwks",
    "https://127.1/jwks",
    "https://0/jwks",
    "https://[::1]/jwks",
    "https://[::]/jwks",
    "https://localhost/jwks",
    "https://LOCALHOST/jwks",
    "https://keys.localhost/jwks",
    "http://localhost/jwks",
    "http://keys.shop.example/jwks",
    "file:///etc/passwd",
    "FILE:///etc/passwd",
    "data:application/json,{}",
    "ftp://keys.shop.example/jwks",
    "gopher://127.0.0.1:70/",
    "https://user:password@keys.shop.example/jwks",
  ])
    it(`keys at ${uri} are not asked for`, async (t) => {
      const provider = elsewhere(uri);
      const stage = setUp(t, ELSEWHERE, { fetch: provider.fetch });
      await assert.rejects(stage.keys.load(), { code: "GH_IDENTITY_ADDRESS_REFUSED" });
      const token = mintToken(createTestKey("k", "p256"), claimsOf(ELSEWHERE) as never, { alg: "ES256" });
      assert.deepEqual(await stage.ask(token), unavailable());
      assert.deepEqual(provider.asked, [`${ELSEWHERE}/.well-known/openid-configuration`]);
    });

  it("keys at no address at all", async (t) => {
    for (const uri of ["", "jwks", "/jwks", "//login.shop.example/jwks", "https://", "https://["]) {
      const provider = elsewhere(uri);
      const stage = setUp(t, ELSEWHERE, { fetch: provider.fetch });
      await assert.rejects(stage.keys.load(), { code: "GH_IDENTITY_NO_USABLE_KEY" });
      assert.equal(provider.asked.length, 1);
    }
  });

  it("a redirect is not followed, wherever it leads", async (t) => {
    const idp = await startIdp(t);
    const stage = setUp(t, idp.issuer);
    for (const location of [
      "http://169.254.169.254/",
      "https://keys.shop.example/",
      `${idp.origin}/more/jwks`,
      "/jwks",
    ])
      for (const part of ["discovery", "jwks"] as const) {
        idp.faults[part] = { location };
        idp.asked.length = 0;
        await assert.rejects(stage.keys.load(), { code: "GH_IDENTITY_PROVIDER_UNREACHABLE", message: /not followed/ });
        assert.equal(idp.asked.length, part === "discovery" ? 1 : 2);
        idp.faults[part] = undefined;
      }
  });

  for (const address of ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "127.0.0.1", "::1", "0.0.0.0"])
    it(`a name that leads to ${address} is not called`, async (t) => {
      resolveTo(t, [address]);
      const call = createProviderFetch({ issuer: ELSEWHERE, allowHttpLoopback: true });
      await assert.rejects(call("https://keys.shop.example/jwks", {}), {
        code: "GH_IDENTITY_PROVIDER_UNREACHABLE",
        message: /resolves to a refused address/,
      });
    });

  it("`doctor` names the address, and exits as for what cannot be reached or used", async (t) => {
    const idp = await startIdp(t);
    idp.discovery["jwks_uri"] = "http://169.254.169.254/latest/meta-data";
    const told = await runDoctor(t, idp.issuer);
    assert.match(told.text, /169\.254\.169\.254\/latest\/meta-data/);
    assert.equal(told.result, "error");
  });
});

/** What `gatehouse doctor` says of the provider of a policy with this issuer. */
async function runDoctor(t: TestContext, issuer: string): Promise<{ result: string; text: string }> {
  const policy = `gatehouse: 1
name: road
identity: { issuer: "${issuer}", audience: ${AUDIENCE} }
environments: { local: { domain: road.localhost, certificates: internal, gateway: embedded } }
services:
  orders: { exposure: public, upstream: "http://127.0.0.1:1", routes: { GET /orders: { needs: orders:read } } }
roles: { support: { members: { groups: [support] }, can: [orders:read], boundary: staff } }
boundaries: { staff: [orders:read] }
`;
  const dir = makeDirectory({ "gatehouse.yaml": policy });
  t.after(() => rmSync(dir, { recursive: true }));
  const ran = await run(GATEHOUSE, ["doctor", "--json"], { cwd: dir });
  const { checks } = JSON.parse(ran.stdout) as { checks: { name: string; result: string; text: string }[] };
  return checks.find(({ name }) => name === "provider") ?? assert.fail(ran.stdout);
}

row(81, () => {
  const rsa = publicJwk(createTestKey("bad", "rsa"));
  const ec = publicJwk(createTestKey("bad", "p256"));
  const bad: Readonly<Record<string, unknown>> = {
    "a kind that nobody knows": { ...rsa, kty: "AKP" },
    "a kind of another case": { ...rsa, kty: "rsa" },
    "no kind": { ...rsa, kty: undefined },
    "a coordinate of another length": { ...ec, x: "AAAA" },
    "a coordinate that is no base64": { ...ec, x: "***" },
    "a coordinate that is a number": { ...ec, x: 7 },
    "no modulus": { ...rsa, n: undefined },
    "an empty modulus": { ...rsa, n: "" },
    "a modulus of a megabit": { ...rsa, n: "A".repeat(100_000) },
    "an exponent that is a list": { ...rsa, e: ["AQAB"] },
    "a key for agreeing on keys": { kty: "OKP", crv: "X25519", x: "A".repeat(43), kid: "bad" },
    "a curve that nobody knows": { kty: "OKP", crv: "Ed999", x: "A".repeat(43), kid: "bad" },
    "a name that is a number": { ...rsa, kid: 7 },
    "a name that is an object": { ...rsa, kid: { toString: "x" } },
    null: null,
    "a text": "key",
    "a list": [rsa],
    "a key named as a part of every object": { ...rsa, kid: "__proto__", n: undefined },
  };
  for (const [title, member] of Object.entries(bad))
    it(`${title} beside a good key costs that one alone`, async (t) => {
      const idp = await startIdp(t);
      idp.jwks.set("bad", member as Record<string, unknown>);
      const stage = setUp(t, idp.issuer);
      await stage.keys.load();
      assert.deepEqual(await stage.ask(await idp.sign(claimsOf(idp.issuer))), served(1));
      assert.deepEqual(
        await stage.ask(await idp.sign(claimsOf(idp.issuer), { kid: "bad" })),
        refused("token-unknown-key", 1),
      );
      assert.equal(stage.keys.state().ignored.length, 1);
    });

  it("two keys of one name and kind: neither, and the others go on", async (t) => {
    const idp = await startIdp(t, [
      { kid: "one", alg: "ES256" },
      { kid: "twin", alg: "ES256" },
    ]);
    idp.jwks.set("again", { ...ec, kid: "twin" });
    const stage = setUp(t, idp.issuer);
    await stage.keys.load();
    assert.deepEqual(await stage.ask(await idp.sign(claimsOf(idp.issuer), {}, "twin")), refused("token-algorithm"));
    assert.deepEqual(await stage.ask(await idp.sign(claimsOf(idp.issuer))), served(1));
  });

  it("10,000 keys are not read, and those from before stay", async (t) => {
    const idp = await startIdp(t);
    const stage = setUp(t, idp.issuer);
    await stage.keys.load();
    for (let i = 0; i < 10_000; i++) idp.jwks.set(`k${i}`, { ...ec, kid: `k${i}` });
    clock.advance(CACHE_MS);
    stage.schedule.fire();
    await settle(stage.keys);
    assert.match(stage.keys.state().lastError ?? "", /more than 150000 bytes/);
    assert.deepEqual(await stage.ask(await idp.sign(claimsOf(idp.issuer))), served(1));
  });

  it("a source that is closed while it fetches ends the process in no way", async (t) => {
    const idp = await startIdp(t);
    for (const fault of [undefined, "closed", "silent", "huge"] as const) {
      idp.faults.jwks = fault;
      const stage = setUp(t, idp.issuer, { timeoutMs: 100 });
      const loading = stage.keys.load();
      const waiting = stage.keys.refreshFor("one");
      stage.keys.close();
      const [loaded] = await Promise.allSettled([loading, waiting]);
      assert.equal(loaded.status, fault === undefined ? "fulfilled" : "rejected");
    }
  });
});

row(82, () => {
  it("an issuer of another spelling is not ours: both strings are named", async (t) => {
    const idp = await startIdp(t);
    for (const found of [
      `${idp.issuer}/`,
      idp.issuer.toUpperCase(),
      idp.issuer.replace("127.0.0.1", "localhost"),
      `${idp.issuer}.evil.test`,
      ` ${idp.issuer}`,
      `${idp.issuer}\n`,
      idp.issuer.slice(0, -1),
      "",
      [idp.issuer],
      { 0: idp.issuer },
      null,
      undefined,
    ]) {
      idp.discovery["issuer"] = found;
      const stage = setUp(t, idp.issuer);
      const told = typeof found === "string" ? found : "(no issuer)";
      await assert.rejects(stage.keys.load(), (error: Error & { code?: string }) => {
        assert.equal(error.code, "GH_IDENTITY_ISSUER_MISMATCH");
        assert.ok(error.message.includes(`\`${idp.issuer}\``) && error.message.includes(told.trim()));
        return true;
      });
      assert.deepEqual(await stage.ask(await idp.sign(claimsOf(idp.issuer))), unavailable());
    }
    assert.ok(!idp.asked.includes("/jwks"));
  });

  it("`doctor` names both strings", async (t) => {
    const idp = await startIdp(t);
    idp.discovery["issuer"] = `${idp.issuer}/realms/other`;
    const told = await runDoctor(t, idp.issuer);
    assert.equal(told.result, "error");
    assert.ok(told.text.includes(`\`${idp.issuer}\``) && told.text.includes(`\`${idp.issuer}/realms/other\``));
  });

  it("algorithms that the document lists widen nothing", async (t) => {
    const idp = await startIdp(t);
    const lists = ["none", "HS256", "HS512", "RS1", "dir"];
    idp.discovery["id_token_signing_alg_values_supported"] = lists;
    idp.discovery["token_endpoint_auth_signing_alg_values_supported"] = lists;
    const stage = setUp(t, idp.issuer);
    await stage.keys.load();
    for (const alg of ["none", "HS256", "HS384", "HS512"])
      assert.deepEqual(await stage.ask(await idp.sign(claimsOf(idp.issuer), { alg })), refused("token-algorithm"));
    assert.deepEqual(await stage.ask(await idp.sign(claimsOf(idp.issuer))), served(1));
  });
});

/** A token that names this key, signed by nobody. */
function unsigned(issuer: string, kid: string): string {
  const parts = [{ alg: "RS256", kid }, claimsOf(issuer)];
  const input = parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${input}.${"A".repeat(342)}`;
}

row(83, () => {
  it("10,000 made-up key names in a second cost one fetch", async (t) => {
    const idp = await startIdp(t);
    const stage = setUp(t, idp.issuer);
    await stage.keys.load();
    idp.asked.length = 0;
    const results = [];
    for (let i = 0; i < 100; i++) {
      const tokens = Array.from({ length: 100 }, (_, n) => unsigned(idp.issuer, `made-up-${i}-${n}`));
      results.push(...(await Promise.all(tokens.map(async (token) => stage.verifier.verify(token)))));
      clock.advance(10);
    }
    assert.equal(results.length, 10_000);
    assert.deepEqual([...new Set(results.map((each) => (each.ok ? "ok" : each.reason)))], ["token-unknown-key"]);
    assert.deepEqual(idp.asked, ["/.well-known/openid-configuration", "/jwks"]);
    assert.deepEqual(await stage.ask(unsigned(idp.issuer, "x".repeat(2000))), refused("token-unknown-key"));
    // Others are served meanwhile, and one more fetch is made when the pause is over.
    assert.deepEqual(await stage.ask(await idp.sign(claimsOf(idp.issuer))), served(1));
    clock.advance(COOLDOWN_MS);
    assert.deepEqual(await stage.ask(unsigned(idp.issuer, "made-up")), refused("token-unknown-key", 1));
    assert.equal(idp.asked.length, 4);
  });

  it("500 at once after a rotation wait for the same fetch", async (t) => {
    const idp = await startIdp(t, [
      { kid: "one", alg: "ES256" },
      { kid: "two", alg: "ES256", isPublished: false },
    ]);
    const stage = setUp(t, idp.issuer);
    await stage.keys.load();
    idp.publish("two");
    idp.asked.length = 0;
    const tokens = await Promise.all(
      Array.from({ length: 500 }, async (_, n) => idp.sign(claimsOf(idp.issuer, { sub: `s${n}` }), {}, "two")),
    );
    const results = await Promise.all(tokens.map(async (token) => stage.verifier.verify(token)));
    assert.deepEqual(
      results.map((each) => (each.ok ? each.identity.subject : each.reason)),
      tokens.map((_, n) => `s${n}`),
    );
    assert.deepEqual(idp.asked, ["/.well-known/openid-configuration", "/jwks"]);
  });

  it("while the issuer is away it is asked once in each pause, and nobody is called a stranger", async (t) => {
    const idp = await startIdp(t);
    const stage = setUp(t, idp.issuer);
    await stage.keys.load();
    idp.faults.discovery = { status: 500 };
    idp.asked.length = 0;
    for (let i = 0; i < 50; i++) assert.deepEqual(await stage.ask(unsigned(idp.issuer, `k${i}`)), unavailable());
    assert.equal(idp.asked.length, 1);
  });
});

row(84, () => {
  it("a key that is published a moment after its first token is found when the pause is over", async (t) => {
    const idp = await startIdp(t, [
      { kid: "one", alg: "ES256" },
      { kid: "two", alg: "ES256", isPublished: false },
    ]);
    const stage = setUp(t, idp.issuer);
    await stage.keys.load();
    const token = await idp.sign(claimsOf(idp.issuer), {}, "two");
    assert.deepEqual(await stage.ask(token), refused("token-unknown-key"));
    idp.publish("two");
    clock.advance(COOLDOWN_MS - 1);
    assert.deepEqual(await stage.ask(token), refused("token-unknown-key"));
    clock.advance(1);
    assert.deepEqual(await stage.ask(token), served(1));
  });

  it("a key that is withdrawn verifies nothing from the next fetch on, what was verified before included", async (t) => {
    const idp = await startIdp(t, [
      { kid: "one", alg: "ES256" },
      { kid: "two", alg: "ES256" },
    ]);
    const stage = setUp(t, idp.issuer);
    await stage.keys.load();
    const [held, other] = [await idp.sign(claimsOf(idp.issuer)), await idp.sign(claimsOf(idp.issuer), {}, "two")];
    assert.deepEqual(await stage.ask(held), served(1));
    idp.jwks.delete("one");
    clock.advance(CACHE_MS);
    assert.deepEqual(await stage.ask(held), served(2));
    stage.schedule.fire();
    await settle(stage.keys);
    assert.deepEqual(await stage.ask(held), refused("token-unknown-key", 2));
    assert.deepEqual(await stage.ask(other), served(3));
  });

  it("a key of the same name with other bytes is another key", async (t) => {
    const idp = await startIdp(t);
    const stage = setUp(t, idp.issuer);
    await stage.keys.load();
    const held = await idp.sign(claimsOf(idp.issuer));
    assert.deepEqual(await stage.ask(held), served(1));
    idp.jwks.set("one", publicJwk(createTestKey("one", "p256")));
    clock.advance(CACHE_MS);
    stage.schedule.fire();
    await settle(stage.keys);
    assert.deepEqual(await stage.ask(held), refused("token-signature", 1));
  });

  it("a clock that is a minute off is told by its own reason, and shortens nothing", async (t) => {
    const idp = await startIdp(t);
    const stage = setUp(t, idp.issuer);
    await stage.keys.load();
    const early = await idp.sign(claimsOf(idp.issuer, { iat: nowSeconds() + 60, nbf: nowSeconds() + 60 }));
    assert.deepEqual(await stage.ask(early), refused("token-not-yet-valid"));
    clock.advance(60_000);
    assert.deepEqual(await stage.ask(early), served(1));
    const late = await idp.sign(claimsOf(idp.issuer, { exp: nowSeconds() - 1 }));
    assert.deepEqual(await stage.ask(late), refused("token-expired", 1));
  });
});

row(85, () => {
  const answers: Readonly<Record<string, (response: ServerResponse, count: (bytes: number) => void) => void>> = {
    "without an end": (response, count) => {
      const more = (): void => {
        if (response.destroyed) return;
        count(65_536);
        response.write(Buffer.alloc(65_536, " "), () => setImmediate(more));
      };
      more();
    },
    "without an end, in one JSON text": (response, count) => {
      response.write('{"keys":[{"kid":"');
      const more = (): void => {
        if (response.destroyed) return;
        count(65_536);
        response.write(Buffer.alloc(65_536, "x"), () => setImmediate(more));
      };
      more();
    },
    "byte by byte": (response) => {
      const timer = setInterval(() => response.write(" "), 20);
      response.on("close", () => clearInterval(timer));
    },
    "with a length of 5 GB": (response) => {
      response.writeHead(200, { "content-length": 5_000_000_000 });
      response.write("{");
    },
    "that is packed": (response) =>
      void response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(50_000_000, " "))),
    "that is packed twice": (response) =>
      void response
        .writeHead(200, { "content-encoding": "gzip, gzip" })
        .end(gzipSync(gzipSync(Buffer.alloc(50_000_000, " ")))),
    "that redirects, and again": (response) => void response.writeHead(302, { location: "/again" }).end(),
  };
  for (const [title, answer] of Object.entries(answers))
    it(`an answer ${title} is left at its limit: 503`, async (t) => {
      let asked = 0;
      let written = 0;
      const server = createServer((_request, response) => {
        asked++;
        answer(response, (bytes) => (written += bytes));
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      t.after(() => {
        server.closeAllConnections();
        server.close();
      });
      const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const stage = setUp(t, issuer, { timeoutMs: 400 });
      await assert.rejects(stage.keys.load(), { code: "GH_IDENTITY_PROVIDER_UNREACHABLE" });
      const token = mintToken(createTestKey("k", "p256"), claimsOf(issuer) as never, { alg: "ES256" });
      assert.deepEqual(await stage.ask(token), unavailable());
      assert.equal(asked, 1);
      assert.ok(written < 50_000_000, `${written} bytes were taken`);
    });
});

row(86, () => {
  const weak = createTestKey("bad", "rsa-1024");
  const rsa = createTestKey("bad", "rsa");
  const ec = createTestKey("bad", "p256");
  const published = publicJwk(rsa);
  const cases: Readonly<
    Record<string, readonly [key: TestKey, alg: string, jwk: Record<string, unknown>, reason: string]>
  > = {
    "for encryption": [rsa, "RS256", { ...published, use: "enc" }, "not for signatures"],
    "for encryption, in capitals": [rsa, "RS256", { ...published, use: "SIG" }, "not for signatures"],
    "for encrypting": [rsa, "RS256", { ...published, use: undefined, key_ops: ["encrypt"] }, "not for verifying"],
    "for signing, which is not ours": [rsa, "RS256", { ...published, key_ops: ["sign"] }, "not for verifying"],
    "for nothing": [rsa, "RS256", { ...published, key_ops: [] }, "not for verifying"],
    "of 1024 bits": [weak, "RS256", publicJwk(weak), "RSA key shorter than 2048 bits"],
    "with the exponent 1": [rsa, "RS256", { ...published, e: "AQ" }, "RSA exponent is not odd and at least 3"],
    "with an even exponent": [rsa, "RS256", { ...published, e: "Ag" }, "RSA exponent is not odd and at least 3"],
    "beside its curve": [ec, "ES256", { ...publicJwk(ec), y: publicJwk(ec)["x"] }, "not a valid public key"],
    "with its private part": [
      ec,
      "ES256",
      { ...ec.privateKey.export({ format: "jwk" }), kid: "bad" },
      "a private key is published",
    ],
    "for HMAC": [rsa, "RS256", { ...published, alg: "HS256" }, "its algorithm is not accepted"],
    "for RSA with SHA-1": [rsa, "RS256", { ...published, alg: "RS1" }, "its algorithm is not accepted"],
    "for encryption, by its algorithm": [
      rsa,
      "RS256",
      { ...published, alg: "RSA-OAEP-256" },
      "its algorithm is not accepted",
    ],
    "that is a shared secret": [rsa, "RS256", { kty: "oct", kid: "bad", k: "c2VjcmV0" }, "not an asymmetric key"],
  };
  for (const [title, [key, alg, jwk, reason]] of Object.entries(cases))
    it(`a key ${title} verifies nothing`, async (t) => {
      const idp = await startIdp(t);
      idp.jwks.set("bad", jwk);
      const stage = setUp(t, idp.issuer);
      await stage.keys.load();
      const token = mintToken(key, claimsOf(idp.issuer) as never, { alg });
      assert.deepEqual(await stage.ask(token), refused("token-unknown-key"));
      assert.deepEqual(stage.keys.state().ignored, [{ kid: "bad", reason }]);
      assert.deepEqual(await stage.ask(await idp.sign(claimsOf(idp.issuer))), served(1));
    });

  it("a key for one algorithm verifies no other of its kind", async (t) => {
    const idp = await startIdp(t);
    idp.jwks.set("bad", { ...published, alg: "RS512" });
    const stage = setUp(t, idp.issuer);
    await stage.keys.load();
    for (const alg of ["RS256", "PS512", "RS384"])
      assert.deepEqual(
        await stage.ask(mintToken(rsa, claimsOf(idp.issuer) as never, { alg })),
        refused("token-algorithm"),
      );
    assert.deepEqual(await stage.ask(mintToken(rsa, claimsOf(idp.issuer) as never, { alg: "RS512" })), served(1));
  });

  it("`doctor` says which keys are not used, and why", async (t) => {
    const idp = await startIdp(t);
    idp.jwks.set("bad", publicJwk(weak));
    idp.jwks.set("enc", { ...published, kid: "enc", use: "enc" });
    const told = await runDoctor(t, idp.issuer);
    assert.equal(told.result, "ok");
    assert.ok(
      told.text.endsWith("1 key(s), and 2 that are not used: RSA key shorter than 2048 bits, not for signatures"),
      told.text,
    );
  });
});

row(87, () => {
  it("1,000 mixed tokens of two issuers while their keys are fetched again: each by its own", async (t) => {
    const idps = [await startIdp(t), await startIdp(t)] as const;
    const schedules = idps.map(() => createManualSchedule());
    const sources = idps.map(({ issuer }, i) =>
      createKeySource({ issuer, clock, allowHttpLoopback: true, schedule: schedules[i]?.schedule }),
    );
    t.after(() => sources.forEach((source) => source.close()));
    await Promise.all(sources.map(async (source) => source.load()));
    const [first, second] = sources as [KeySource, KeySource];
    const workload: WorkloadIssuer = {
      name: "ci",
      issuer: idps[1].issuer,
      audience: AUDIENCE,
      claims: NAMES,
      keys: second,
    };
    const options = { issuer: idps[0].issuer, audience: AUDIENCE, claims: NAMES, keys: first, clock };
    const verifier = createTokenVerifier({ ...options, workloadIssuers: [workload] });
    const calls = await Promise.all(
      Array.from({ length: 1000 }, async (_, n) => {
        const signer = idps[n % 2] ?? idps[0];
        // Every fifth says that the other issuer made it.
        const named = n % 5 === 0 ? (idps[(n + 1) % 2] ?? idps[0]) : signer;
        const token = await signer.sign(claimsOf(named.issuer, { sub: `s${n}` }));
        return { token, expected: n % 5 === 0 ? "token-signature" : `${named.issuer} s${n}` };
      }),
    );
    const results = await Promise.all(
      calls.map(async ({ token }, n) => {
        if (n % 100 === 0) for (const schedule of schedules) schedule.fire();
        const result = await verifier.verify(token);
        return result.ok ? `${result.identity.issuer} ${result.identity.subject}` : result.reason;
      }),
    );
    assert.deepEqual(
      results,
      calls.map(({ expected }) => expected),
    );
  });

  it("sign-ins and client credentials at two providers at once, settings made anew meanwhile", async (t) => {
    const setups = [await setUpSignIn(), await setUpSignIn()] as const;
    for (const setup of setups) t.after(() => setup.close());
    const outcomes = await Promise.all(
      Array.from({ length: 60 }, async (_, n) => {
        const own = setups[n % 2] ?? setups[0];
        const other = setups[(n + 1) % 2] ?? setups[1];
        const sessions = own.newSessions();
        const browser = new Browser(sessions);
        await browser.signIn("ada");
        const state = sessions.read(browser.cookieHeader());
        const { accessToken } = await own.provider.tokenFor("billing");
        const [mine, theirs] = [await own.newVerifier().verify(accessToken), await other.verifier.verify(accessToken)];
        return [
          "session" in state && state.session.identity.issuer === own.provider.issuer,
          mine.ok && mine.identity.issuer === own.provider.issuer,
          theirs.ok ? "taken" : theirs.reason,
          other.sessions.read(browser.cookieHeader()).state,
        ];
      }),
    );
    // One seal key for both: the cookie opens, and is nobody's where the issuer is another.
    for (const outcome of outcomes) assert.deepEqual(outcome, [true, true, "token-issuer", "expired"]);
  });
});
