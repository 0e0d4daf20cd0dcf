import assert from "node:assert/strict";
import { type TestContext, after, before, test } from "node:test";
import { type SigningIssuer, startSigningIssuer } from "../../../tests/support/signing-issuer.ts";
import { type ManualClock, createManualClock, isGatehouseError } from "../../core/index.ts";
import { type JwtAuthorizer, type JwtOutcome, createJwtAuthorizer } from "./jwt-authorizer.ts";
import { claimTexts } from "./jwt-claims.ts";
import { checkIssuer } from "./jwt-check-issuer.ts";
import { readSwitches } from "./switches.ts";

const START_MS = Date.UTC(2026, 10, 24, 12, 0, 0, 700);
const NOW = Math.floor(START_MS / 1000);
/** Answers that come are waited for whatever the machine does beside. */
const PATIENCE_MS = 60_000;
/** And those that never do, not long. */
const TIMEOUT_MS = 300;

let idp: SigningIssuer;
let published: ReadonlyMap<string, Record<string, unknown>>;
before(async () => {
  idp = await startSigningIssuer(null, [
    { kid: "one", alg: "RS256" },
    { kid: "two", alg: "RS256" },
    { kid: "stranger", alg: "RS256", isPublished: false },
    { kid: "rs512", alg: "RS512" },
    { kid: "ps256", alg: "PS256" },
    { kid: "ec", alg: "ES256" },
    { kid: "ed", alg: "EdDSA" },
  ]);
  published = new Map(idp.jwks);
});
after(() => idp.close());

interface Setup {
  readonly switches?: Record<string, string>;
  readonly issuer?: string;
  readonly identitySource?: readonly string[];
  readonly audience?: readonly string[];
  readonly timeoutMs?: number;
}

interface Started {
  readonly authorizer: JwtAuthorizer;
  readonly clock: ManualClock;
  readonly ask: (
    claims?: object | string,
    scopes?: readonly string[],
    header?: object,
    kid?: string,
  ) => Promise<JwtOutcome>;
}

function start(t: TestContext | null, setup: Setup = {}): Started {
  const clock = createManualClock(START_MS);
  t?.after(() => {
    idp.faults.discovery = idp.faults.jwks = undefined;
    idp.jwks.clear();
    for (const [kid, key] of published) idp.jwks.set(kid, key);
    idp.discovery = { issuer: idp.issuer, jwks_uri: `${idp.issuer}/jwks` };
  });
  idp.asked.length = 0;
  const authorizer = createJwtAuthorizer({
    apiId: "a1b2c3d4e5",
    authorizer: {
      authorizerId: "jwt",
      name: "jwt",
      authorizerType: "JWT",
      identitySource: setup.identitySource ?? ["$request.header.Authorization"],
      jwtConfiguration: { issuer: setup.issuer ?? idp.issuer, audience: setup.audience ?? ["api", "web"] },
    },
    clock,
    switches: readSwitches(setup.switches ?? {}),
    timeoutMs: setup.timeoutMs ?? PATIENCE_MS,
  });
  return {
    authorizer,
    clock,
    async ask(claims = {}, scopes = [], header = {}, kid = "one") {
      const payload = typeof claims === "string" ? claims : { ...good(), ...claims };
      return authorizer.authorize(await idp.sign(payload, { ...header }, kid), scopes);
    },
  };
}

const good = (): Record<string, unknown> => ({ iss: idp.issuer, aud: "api", sub: "ada", iat: NOW, exp: NOW + 300 });

function refusal(description: string, scopes = "") {
  return {
    ok: false,
    status: 401,
    challenge: `Bearer scope="${scopes}" error="invalid_token" error_description="${description}"`,
    error: description,
  };
}

test("a token of the issuer for the audience is let in, with its claims as texts", async () => {
  const { ask } = start(null);
  const outcome = await ask();
  assert.ok(outcome.ok);
  assert.deepEqual(
    [...outcome.claims],
    Object.entries({ ...good() }).map(([name, value]) => [name, String(value)]),
  );
  assert.equal(outcome.scopes, null);
});

test("no token is answered with the bare scheme", async () => {
  const { authorizer } = start(null);
  const expected = { ok: false, status: 401, challenge: "Bearer", error: "missing: token not provided" };
  assert.deepEqual(await authorizer.authorize(null, ["r"]), expected);
});

test("each thing that is wrong with a token has its own description", async () => {
  const { authorizer, ask } = start(null);
  const cases: readonly (readonly [string, Promise<JwtOutcome> | JwtOutcome])[] = [
    ["token contains an invalid number of segments", authorizer.authorize("not-a-token", [])],
    ["token contains an invalid number of segments", authorizer.authorize("a.b.c.d", [])],
    ["the token cannot be decoded", authorizer.authorize("a.b.c", [])],
    ["the signing algorithm is not accepted", ask({}, [], {}, "ec")],
    ["the signing algorithm is not accepted", ask({}, [], {}, "ed")],
    ["the signing algorithm is not accepted", ask({}, [], { alg: "none" })],
    ["the signing algorithm is not accepted", ask({}, [], { alg: "HS256" })],
    ["the token does not name its key", ask({}, [], { kid: undefined })],
    ["the token does not name its key", ask({}, [], { kid: "" })],
    ["the key of the token is not known", ask({}, [], {}, "stranger")],
    ["the signature is invalid", ask({}, [], { kid: "two" })],
    ["the signature is invalid", ask({}, [], { kid: "one" }, "stranger")],
    ["issuer does not match", ask({ iss: `${idp.issuer}/` })],
    ["issuer does not match", ask({ iss: undefined })],
    ["issuer does not match", ask({ iss: [idp.issuer] })],
    ["the token does not have a valid audience", ask({ aud: "other" })],
    ["the token does not have a valid audience", ask({ aud: [] })],
    ["the token does not have a valid audience", ask({ aud: null, client_id: "api" })],
    ["the token does not have a valid audience", ask({ aud: undefined })],
    ["the token does not have a valid audience", ask({ aud: "x", client_id: "api" })],
    ["the token has expired", ask({ exp: NOW })],
    ["the token has expired", ask({ exp: NOW - 1 })],
    ["the token has expired", ask({ exp: String(NOW + 300) })],
    ["the token has expired", ask({ exp: null })],
    ["the token does not expire", ask({ exp: undefined })],
    ["the token is not valid yet", ask({ nbf: NOW + 1 })],
    ["the token was issued in the future", ask({ iat: NOW + 1 })],
    ["the token was issued in the future", ask({ iat: "yesterday" })],
  ];
  for (const [description, outcome] of cases) assert.deepEqual(await outcome, refusal(description));
});

test("what is wrong with the signature is said before anything that the payload says", async () => {
  const { ask } = start(null);
  const wrong = { iss: "https://other.example", aud: "other", exp: NOW - 1 };
  assert.deepEqual(await ask(wrong, [], { kid: "two" }), refusal("the signature is invalid"));
  assert.deepEqual(await ask(wrong), refusal("issuer does not match"));
  assert.deepEqual(await ask({ ...wrong, iss: idp.issuer }), refusal("the token does not have a valid audience"));
  assert.deepEqual(await ask({ exp: NOW - 1, nbf: NOW + 1 }), refusal("the token has expired"));
});

test("a header with a critical extension is refused", async () => {
  const { authorizer } = start(null);
  const [, payload = "", signature = ""] = (await idp.sign(good())).split(".");
  const header = Buffer.from(JSON.stringify({ alg: "RS256", kid: "one", crit: ["exp"], exp: 1 })).toString("base64url");
  const outcome = await authorizer.authorize(`${header}.${payload}.${signature}`, []);
  assert.deepEqual(outcome, refusal("the token has a critical extension"));
});

test("whole seconds: a token counts until the second in which it expires, from the one in which it begins", async () => {
  const { ask, clock } = start(null);
  const claims = { exp: NOW + 2, nbf: NOW, iat: NOW };
  assert.equal((await ask(claims)).ok, true);
  clock.set(NOW * 1000 + 1999);
  assert.equal((await ask(claims)).ok, true);
  clock.set(NOW * 1000 + 2000);
  assert.deepEqual(await ask(claims), refusal("the token has expired"));
  clock.set(NOW * 1000 - 1);
  assert.deepEqual(await ask(claims), refusal("the token is not valid yet"));
});

test("an audience may be one of several, and the client id stands in where there is no audience", async () => {
  const { ask } = start(null);
  for (const claims of [{ aud: ["z", "web"] }, { aud: undefined, client_id: "api" }, { token_use: "id" }])
    assert.equal((await ask(claims)).ok, true);
});

test("one scope of the route is enough, and all of the token's are handed on", async () => {
  const { ask } = start(null);
  const outcome = await ask({ scope: "openid  w x" }, ["r", "w"]);
  assert.ok(outcome.ok);
  assert.deepEqual(outcome.scopes, ["openid", "w", "x"]);
  assert.deepEqual(await ask({ scope: "openid" }, ["r", "w"]), {
    ok: false,
    status: 403,
    challenge: 'Bearer scope="r w" error="insufficient_scope" error_description="expected scopes: [r w]"',
    error: "expected scopes: [r w]",
  });
  for (const claims of [{}, { scope: "rw" }, { scope: ["r w"] }, { scope: "R" }, { scope: null }])
    assert.equal((await ask(claims, ["r", "w"])).ok, false);
  assert.deepEqual(await ask({ exp: NOW - 1 }, ["r", "w"]), refusal("the token has expired", "r w"));
});

test("scopes are those of scp when a token has both claims, or as the switch says", async () => {
  const both = { scope: "a", scp: ["b"] };
  const answers = async (value: string): Promise<boolean[]> => {
    const { ask } = start(null, { switches: { "jwt-scope-claims": value } });
    return [(await ask(both, ["a"])).ok, (await ask(both, ["b"])).ok, (await ask({ scope: "a" }, ["a"])).ok];
  };
  assert.deepEqual(await answers("scp-first"), [false, true, true]);
  assert.deepEqual(await answers("scope-first"), [true, false, true]);
  assert.deepEqual(await answers("both"), [true, true, true]);
});

test("claims become texts as AWS was measured to make them, numbers as they are written", async () => {
  const { ask } = start(null);
  const { iss, exp } = good() as { iss: string; exp: number };
  const outcome = await ask(
    `{"iss":"${iss}","aud":["api"],"exp":${exp},"n":5,"big":12345678901234567890,"f":1.50,"e":1E3,"minus":-0,` +
      `"b":true,"a":["x","y z",7,false],"z":null,"o":{"k":[1.0,"v"]},"nested":[["p","q"]],"":"empty",` +
      `"__proto__":"own","t":"[x]"}`,
  );
  assert.ok(outcome.ok);
  assert.deepEqual(Object.fromEntries([...outcome.claims].map(([name, value]) => [`claim ${name}`, value])), {
    "claim iss": iss,
    "claim aud": "[api]",
    "claim exp": String(exp),
    "claim n": "5",
    "claim big": "12345678901234567890",
    "claim f": "1.50",
    "claim e": "1E3",
    "claim minus": "-0",
    "claim b": "true",
    "claim a": "[x y z 7 false]",
    "claim o": '{"k":[1.0,"v"]}',
    "claim nested": "[[p q]]",
    "claim ": "empty",
    "claim __proto__": "own",
    "claim t": "[x]",
  });
});

test("a negative zero is one, whatever stands beside it", () => {
  assert.deepEqual([...claimTexts({ minus: -0 }, '{"minus":-0}')], [["minus", "-0"]]);
});

test("the token is read where the identity source says, with or without Bearer", () => {
  const values = (header: Record<string, string>, query: Record<string, string> = {}) => ({
    header: (name: string) => header[name.toLowerCase()] ?? null,
    querystring: (name: string) => query[name] ?? null,
  });
  const { authorizer } = start(null);
  const read = (value: string) => authorizer.readToken(values({ authorization: value }));
  assert.deepEqual(
    ["a.b.c", "Bearer a.b.c", "bearer a.b.c", "BEARER   a.b.c ", "Basic a.b.c", "", "Bearer", "Bearer "].map(read),
    ["a.b.c", "a.b.c", "a.b.c", "a.b.c", "Basic a.b.c", null, null, null],
  );
  const exact = start(null, { switches: { "jwt-bearer-prefix": "exact" } }).authorizer;
  assert.equal(exact.readToken(values({ authorization: "bearer a.b.c" })), "bearer a.b.c");
  const query = start(null, { identitySource: ["$request.querystring.t"] }).authorizer;
  assert.equal(query.readToken(values({ authorization: "a.b.c" })), null);
  assert.equal(query.readToken(values({}, { t: "a.b.c" })), "a.b.c");
  const own = start(null, { identitySource: ["$request.header.X-Token"] }).authorizer;
  assert.equal(own.readToken(values({ "x-token": "Bearer a.b.c" })), "a.b.c");
});

test("an identity source or an issuer that cannot be used is a fault when the account is taken over", () => {
  const wrong: readonly Setup[] = [
    { identitySource: [] },
    { identitySource: ["$request.header.a", "$request.header.b"] },
    { identitySource: ["$context.path"] },
    { issuer: "idp" },
  ];
  for (const setup of wrong)
    assert.throws(
      () => start(null, setup),
      (error) => isGatehouseError(error) && error.code === "GH_GATEWAY_ACCOUNT_UNSUPPORTED",
    );
});

test("which algorithms count is a switch, and it never reaches beyond RSA", async () => {
  const answers = async (value: string): Promise<boolean[]> => {
    const { ask } = start(null, { switches: { "jwt-algorithms": value } });
    const kids = ["one", "rs512", "ps256", "ec", "ed"];
    return Promise.all(kids.map(async (kid) => (await ask({}, [], {}, kid)).ok));
  };
  assert.deepEqual(await answers("rs256"), [true, false, false, false, false]);
  assert.deepEqual(await answers("rsa"), [true, true, false, false, false]);
  assert.deepEqual(await answers("rsa-and-pss"), [true, true, true, false, false]);
});

test("a key that says another algorithm verifies nothing", async (t) => {
  const { ask } = start(t);
  idp.jwks.set("one", { ...idp.jwks.get("one"), alg: "RS512" });
  assert.deepEqual(await ask(), refusal("the signing algorithm is not accepted"));
});

test("the other switches do what they say", async (t) => {
  assert.equal((await start(t, { switches: { "jwt-missing-exp": "accept" } }).ask({ exp: undefined })).ok, true);
  assert.equal((await start(t, { switches: { "jwt-missing-exp": "accept" } }).ask({ exp: NOW })).ok, false);
  const leeway = start(t, { switches: { "jwt-leeway": "60" } });
  assert.equal((await leeway.ask({ exp: NOW - 59, nbf: NOW + 60, iat: NOW + 60 })).ok, true);
  assert.equal((await leeway.ask({ exp: NOW - 60 })).ok, false);
  assert.equal((await leeway.ask({ nbf: NOW + 61 })).ok, false);
  const access = start(t, { switches: { "jwt-token-use": "access-only" } });
  assert.deepEqual(await access.ask({ token_use: "id" }), refusal("the token is not an access token"));
  assert.equal((await access.ask({ token_use: "access" })).ok, true);
  const issued = start(t, { switches: { "jwt-issued-at": "required" } });
  assert.deepEqual(await issued.ask({ iat: undefined }), refusal("the token does not say when it was issued"));
  idp.discovery = { ...idp.discovery, issuer: "https://other.example" };
  assert.equal((await start(null).ask()).ok, true);
  const matching = start(null, { switches: { "jwt-discovery-issuer": "must-match" } });
  assert.deepEqual(await matching.ask(), refusal("OIDC discovery endpoint communication error"));
});

test("an issuer that does not answer is a refusal that says which of its two endpoints it was", async (t) => {
  const faults = ["closed", "silent", "huge", { status: 500 }, { body: "[]" }, { location: "/elsewhere" }] as const;
  for (const fault of faults) {
    const discovery = start(t, fault === "silent" ? { timeoutMs: TIMEOUT_MS } : {});
    idp.faults.discovery = fault;
    assert.deepEqual(await discovery.ask(), refusal("OIDC discovery endpoint communication error"));
    idp.faults.discovery = undefined;
    // Discovery has to be answered in time here, so that the wait for keys is what ends it.
    const jwks = start(t, fault === "silent" ? { timeoutMs: 5000 } : {});
    idp.faults.jwks = fault;
    assert.deepEqual(await jwks.ask({}, ["r"]), refusal("JWKS communication error", "r"));
    idp.faults.jwks = undefined;
  }
  idp.discovery = { issuer: idp.issuer };
  assert.deepEqual(await start(null).ask(), refusal("OIDC discovery endpoint communication error"));
});

test("after a failure the issuer is left alone for a second, then asked again", async (t) => {
  const { ask, clock } = start(t);
  idp.faults.discovery = { status: 503 };
  for (let i = 0; i < 3; i++) assert.equal((await ask()).ok, false);
  assert.equal(idp.asked.length, 1);
  idp.faults.discovery = undefined;
  assert.equal((await ask()).ok, false);
  clock.advance(1000);
  assert.equal((await ask()).ok, true);
});

test("tokens that come at once share one fetch", async () => {
  const { ask } = start(null);
  const outcomes = await Promise.all(Array.from({ length: 20 }, (_, at) => ask({ sub: `s${at}` })));
  assert.equal(
    outcomes.every(({ ok }) => ok),
    true,
  );
  assert.deepEqual(idp.asked, ["/.well-known/openid-configuration", "/jwks"]);
});

test("keys count for two hours and no longer, also for a token that was verified with them", async (t) => {
  const { authorizer, clock } = start(t);
  const token = await idp.sign({ ...good(), exp: NOW + 86_400 });
  assert.equal((await authorizer.authorize(token, [])).ok, true);
  idp.jwks.delete("one");
  clock.advance(2 * 3_600_000);
  assert.equal((await authorizer.authorize(token, [])).ok, true);
  clock.advance(1);
  assert.deepEqual(await authorizer.authorize(token, []), refusal("the key of the token is not known"));

  const short = start(t, { switches: { "jwt-key-cache": "10m" } });
  assert.equal((await short.ask({ exp: NOW + 86_400 }, [], {}, "two")).ok, true);
  idp.faults.jwks = { status: 500 };
  short.clock.advance(600_001);
  assert.deepEqual(await short.ask({ exp: NOW + 86_400 }, [], {}, "two"), refusal("JWKS communication error"));
});

test("a key that is new is looked for, at most once in half a minute", async (t) => {
  const { ask, clock } = start(t);
  const added = idp.jwks.get("two");
  idp.jwks.delete("two");
  assert.equal((await ask()).ok, true);
  assert.equal(idp.asked.length, 2);
  for (let i = 0; i < 5; i++)
    assert.deepEqual(await ask({}, [], {}, "two"), refusal("the key of the token is not known"));
  assert.equal(idp.asked.length, 4);
  idp.jwks.set("two", added ?? {});
  assert.equal((await ask({}, [], {}, "two")).ok, false);
  clock.advance(30_000);
  assert.equal((await ask({}, [], {}, "two")).ok, true);
  assert.equal((await ask()).ok, true);
});

test("a token that is remembered is worth nothing when its key has become another one", async (t) => {
  const { authorizer, clock, ask } = start(t);
  const token = await idp.sign(good());
  assert.equal((await authorizer.authorize(token, [])).ok, true);
  idp.jwks.set("one", { ...published.get("two"), kid: "one" });
  clock.advance(30_000);
  assert.equal((await authorizer.authorize(token, [])).ok, true);
  assert.equal((await ask({}, [], {}, "stranger")).ok, false);
  assert.deepEqual(await authorizer.authorize(token, []), refusal("the signature is invalid"));
});

test("without refetch a key that is new waits until the others are too old", async (t) => {
  const { ask, clock } = start(t, { switches: { "jwt-unknown-kid": "refuse" } });
  const added = idp.jwks.get("two");
  idp.jwks.delete("two");
  assert.equal((await ask()).ok, true);
  idp.jwks.set("two", added ?? {});
  clock.advance(3_600_000);
  const later = { exp: NOW + 86_400 };
  assert.deepEqual(await ask(later, [], {}, "two"), refusal("the key of the token is not known"));
  clock.advance(3_600_001);
  assert.equal((await ask(later, [], {}, "two")).ok, true);
});

test("a token that is remembered costs no fetch and no wait, and is not taken for one that differs in a character", async () => {
  const { authorizer, clock } = start(null);
  const token = await idp.sign({ ...good(), scope: "r" });
  const first = await authorizer.authorize(token, []);
  const again = authorizer.authorize(token, ["r"]);
  assert.ok(!(again instanceof Promise) && again.ok && first.ok);
  // The very same claims: nothing was verified again.
  assert.equal(again.claims, first.claims);
  assert.equal((await authorizer.authorize(token, ["w"])).ok, false);
  const at = token.length - 2;
  const other = token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
  assert.equal((await authorizer.authorize(other, [])).ok, false);
  clock.advance(300_000);
  assert.deepEqual(await authorizer.authorize(token, []), refusal("the token has expired"));
});

test("an authorizer is made when its issuer has a discovery document, or refused in AWS's words", async (t) => {
  start(t);
  assert.deepEqual(await checkIssuer(idp.issuer, { timeoutMs: PATIENCE_MS }), { ok: true });
  assert.deepEqual(idp.asked, ["/.well-known/openid-configuration"]);
  idp.faults.discovery = { status: 404 };
  const refused = await checkIssuer(`${idp.issuer}/`, { timeoutMs: PATIENCE_MS });
  assert.ok(!refused.ok);
  assert.deepEqual([refused.status, refused.code], [400, "BadRequestException"]);
  const url = `${idp.issuer}/.well-known/openid-configuration`;
  assert.equal(
    refused.message.startsWith(`Caught exception when connecting to ${url} for issuer ${idp.issuer}/`),
    true,
  );
  const end = "Issuer must have a valid discovery endpoint ended with '/.well-known/openid-configuration'";
  assert.equal(refused.message.endsWith(end), true);
  idp.faults.discovery = "silent";
  assert.equal((await checkIssuer(idp.issuer, { timeoutMs: TIMEOUT_MS })).ok, false);
  assert.equal((await checkIssuer("idp")).ok, false);
});
